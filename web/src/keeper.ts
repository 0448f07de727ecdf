/** Keeps small things across a reload: in our own storage, or where that is blocked with the loader. */
import { hello, tell } from "./host";

/** The unsent draft, the message on its way, the pinned notice, the token where cookies are refused. */
export type Name = "draft" | "waiting" | "pinned" | "session";

export interface Keeper {
  get(name: Name): string;
  set(name: Name, value: string): void;
}

const PREFIX = "b12-";

export async function openKeeper(): Promise<Keeper> {
  return ownStorage() ?? withLoader(await hello);
}

function ownStorage(): Keeper | undefined {
  try {
    const storage = window.localStorage; // throws in a frame whose storage is blocked
    storage.setItem(`${PREFIX}probe`, "1");
    storage.removeItem(`${PREFIX}probe`);
    return {
      get: (name) => storage.getItem(PREFIX + name) ?? "",
      set: (name, value) =>
        value ? storage.setItem(PREFIX + name, value) : storage.removeItem(PREFIX + name),
    };
  } catch {
    return undefined;
  }
}

function withLoader(kept: Record<string, string>): Keeper {
  return {
    get: (name) => kept[name] ?? "",
    set: (name, value) => {
      kept[name] = value;
      tell({ b12: "keep", name, value });
    },
  };
}
