/** Messages on their way. Each is kept until it is answered: however often it is sent, it is one. */
import type { Keeper } from "./keeper";

export interface Letter {
  id: string;
  message: string;
  /** What the parent sees of it: a tapped button shows its title. */
  user: string;
}

export class Outbox {
  letters: Letter[];

  constructor(private readonly keeper: Keeper) {
    this.letters = JSON.parse(keeper.get("waiting") || "[]");
  }

  add(letter: Letter): void {
    this.keep([...this.letters, letter]);
  }

  remove(id: string): void {
    this.keep(this.letters.filter((letter) => letter.id !== id));
  }

  clear(): void {
    this.keep([]);
  }

  private keep(letters: Letter[]): void {
    this.letters = letters;
    this.keeper.set("waiting", letters.length ? JSON.stringify(letters) : "");
  }
}

/** An identifier; over plain http there is no randomUUID. */
export function newId(): string {
  return crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
}
