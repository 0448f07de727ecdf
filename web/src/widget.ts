/**
 * The one script on a clinic's page: a button, and the chat in a frame from the chat's own host.
 * Everything else of the chat stays in the frame.
 */

export {};

const script = document.currentScript as HTMLScriptElement;
const chat = new URL(script.src).origin;
const {
  label = "Questions about B12?",
  frame: frameTitle = "B12 Companion, a chat",
  trouble = "The chat does not open.",
  page: pageLabel = "Open it as a page",
  color = "1f6b68",
  side = "right",
  phone,
  name,
  lang,
} = script.dataset;

const NAMES = ["draft", "waiting", "pinned", "session"];
const PREFIX = "b12-chat-";
const SLOWEST_FRAME = 8000; // milliseconds

const hex = color.replace(/[^\da-f]/gi, "").padEnd(6, "0").slice(0, 6);
const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
const onColor = red * 299 + green * 587 + blue * 114 > 140_000 ? "#000" : "#fff";
const start = side === "left" ? "left" : "right";

const STYLE = `
:host{all:initial}
[hidden]{display:none!important}
button{position:fixed;${start}:16px;bottom:16px;z-index:2147483000;min-height:52px;padding:12px 22px;border:2px solid ${onColor};
border-radius:28px;background:#${hex};color:${onColor};font:600 17px/1.3 system-ui,sans-serif;cursor:pointer;
box-shadow:0 2px 12px #0006;max-width:calc(100vw - 32px)}
button:focus-visible{outline:3px solid #${hex};outline-offset:3px}
div{position:fixed;z-index:2147483001;${start}:16px;bottom:16px;width:400px;height:min(680px,calc(100vh - 32px));
border-radius:16px;overflow:hidden;box-shadow:0 8px 40px #0007;background:Canvas;color:CanvasText;font:17px/1.5 system-ui,sans-serif}
div.wide{inset:0;width:auto;height:auto;border-radius:0}
iframe{width:100%;height:100%;border:0;display:block}
p{margin:0;padding:24px}p a{display:block;padding:12px 0;color:LinkText}
@media(max-width:520px),(max-height:520px){div{inset:0;width:auto;height:auto;border-radius:0}}
@media print{:host{display:none}}`;

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  values: Partial<HTMLElementTagNameMap[Tag]>,
): HTMLElementTagNameMap[Tag] {
  return Object.assign(document.createElement(tag), values);
}

const address = new URL("/chat", chat);
for (const [key, value] of Object.entries({ name, lang, color: hex })) {
  if (value) address.searchParams.set(key, value);
}

const host = element("div", {});
const root = host.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet(); // needs no permission of the page's content policy
sheet.replaceSync(STYLE);
root.adoptedStyleSheets = [sheet];
const launcher = element("button", { type: "button", textContent: label });
launcher.setAttribute("aria-haspopup", "dialog");
const panel = element("div", { hidden: true });
root.append(launcher, panel);

let frame: HTMLIFrameElement | undefined;
let isReady = false;

function tell(message: object): void {
  frame!.contentWindow!.postMessage(message, chat);
}

function kept(): Record<string, string> {
  try {
    return Object.fromEntries(NAMES.map((each) => [each, localStorage.getItem(PREFIX + each) ?? ""]));
  } catch {
    return {};
  }
}

function keep(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(PREFIX + key, value);
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing may be kept on this page either: the conversation ends with it.
  }
}

/** Where frames are forbidden or the chat's host is down: its page, and the clinic's phone. */
function giveWayOut(): void {
  if (isReady) return;
  const text = element("p", { textContent: trouble });
  text.append(element("a", { href: address.href, textContent: pageLabel }));
  if (phone) text.append(element("a", { href: `tel:${phone.replace(/[^+\d]/g, "")}`, textContent: phone }));
  panel.replaceChildren(text);
  frame = undefined;
}

function open(): void {
  panel.hidden = false;
  launcher.hidden = true;
  if (isReady) tell({ b12: "open" });
  if (frame) {
    frame.focus();
    return;
  }
  frame = element("iframe", { title: frameTitle, src: address.href });
  panel.replaceChildren(frame);
  frame.focus();
  setTimeout(giveWayOut, SLOWEST_FRAME);
}

function close(): void {
  panel.hidden = true;
  launcher.hidden = false;
  launcher.focus();
}

launcher.addEventListener("click", open);
root.addEventListener("keydown", (event) => {
  if ((event as KeyboardEvent).key === "Escape" && !panel.hidden) close();
});
addEventListener("message", ({ source, origin, data }) => {
  if (!frame || source !== frame.contentWindow || origin !== chat) return;
  if (data.b12 === "ready") {
    isReady = true;
    tell({ b12: "hello", kept: kept() });
    if (!panel.hidden) tell({ b12: "open" });
  }
  if (data.b12 === "keep" && NAMES.includes(data.name)) keep(data.name, String(data.value));
  if (data.b12 === "close") close();
  if (data.b12 === "wide") panel.classList.toggle("wide", data.value === "1");
});

document.body.append(host);
