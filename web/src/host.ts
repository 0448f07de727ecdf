/** Talks with the loader on the clinic's page; alone on a page of its own there is nobody to talk to. */
import { facts } from "./facts";

export const isFramed = window.parent !== window;

const SLOWEST_HELLO = 2000; // milliseconds; in a frame that no loader made, none comes

type Kept = Record<string, string>;

let origin: string | undefined;
let greet: (kept: Kept) => void;

/** What the loader keeps for us; empty without a loader. */
export const hello = new Promise<Kept>((resolve) => {
  greet = resolve;
  if (isFramed) setTimeout(resolve, SLOWEST_HELLO, {});
  else resolve({});
});

/** Says something to the loader, and to nobody else: before it has said hello we do not know it. */
export function tell(message: { b12: string; name?: string; value?: string }): void {
  if (origin) window.parent.postMessage(message, origin);
}

/** Listens to the loader. @param onOpen The parent has opened the chat. */
export function listen(onOpen: () => void): void {
  if (!isFramed) return;
  addEventListener("message", (event) => {
    const isKnown = event.origin === location.origin || facts.sites.includes(event.origin);
    if (event.source !== window.parent || !isKnown) return;
    if (event.data?.b12 === "hello") {
      origin = event.origin;
      greet(event.data.kept ?? {});
    }
    if (event.data?.b12 === "open") onOpen();
  });
  window.parent.postMessage({ b12: "ready" }, "*"); // says nothing but that we are here
}
