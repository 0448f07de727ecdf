/** From a reply's plain text to paragraphs, lists, reference chips and links. Text is only ever text. */
import { html, type TemplateResult } from "lit";
import { facts, filled, words } from "./facts";

const REFERENCE = "\\[\\d+\\]";
const ADDRESS = "https?://[^\\s<>\"']*[^\\s<>\"'.,;:!?)\\]]";
const MAIL = "mailto:[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+";
const ANY_NUMBER = "\\+?\\d(?: ?\\d){2,}";

const { phone, emergency_number, crisis_line } = facts.clinic;
const OUR_NUMBERS = [phone, crisis_line, emergency_number]
  .filter(Boolean)
  .map((number) => (/^\d/.test(number) ? "\\b" : "") + number.replace(/\W/g, "\\$&") + "(?!\\d)");

/** The address that dials; in "+44 (0)1632" the zero is not dialled. */
export function dialling(number: string): string {
  return `tel:${number.replace("(0)", "").replace(/[^+\d]/g, "")}`;
}

/** The numbers that a text of this kind names. */
function numbers(kind: string): string[] {
  if (kind === "emergency" || kind === "crisis") return [...OUR_NUMBERS, ANY_NUMBER];
  // In an answer from the guide "112" would be an amount.
  return kind === "answer" || kind === "schedule" ? [] : OUR_NUMBERS;
}

/** Paragraphs and lists. */
export function blocks(
  text: string,
  kind: string,
  open: (reference: number) => void,
): TemplateResult[] {
  const made: TemplateResult[] = [];
  let items: TemplateResult[] = [];
  const close = () => {
    if (items.length) made.push(html`<ul>${items}</ul>`);
    items = [];
  };
  for (const line of text.split("\n").filter((each) => each.trim())) {
    if (line.startsWith("• ")) {
      items.push(html`<li dir="auto">${marked(line.slice(2), kind, open)}</li>`);
    } else {
      close();
      made.push(html`<p dir="auto">${marked(line, kind, open)}</p>`);
    }
  }
  close();
  return made;
}

/** One line with its chips and links. */
export function marked(
  line: string,
  kind: string,
  open: (reference: number) => void,
): (string | TemplateResult)[] {
  const pattern = new RegExp([REFERENCE, ADDRESS, MAIL, ...numbers(kind)].join("|"), "g");
  const parts: (string | TemplateResult)[] = [];
  let end = 0;
  for (const { 0: found, index } of line.matchAll(pattern)) {
    parts.push(line.slice(end, index), mark(found, open));
    end = index! + found.length;
  }
  return [...parts, line.slice(end)];
}

function mark(found: string, open: (reference: number) => void): TemplateResult {
  if (found.startsWith("[")) {
    const number = Number(found.slice(1, -1));
    return html`<button type="button" class="reference" aria-haspopup="dialog"
      aria-label=${filled(words.reference, { number })} @click=${() => open(number)}>${number}</button>`;
  }
  if (found.startsWith("http")) {
    return html`<a href=${found} target="_blank" rel="noopener noreferrer" dir="ltr">${found}</a>`;
  }
  if (found.startsWith("mailto:")) {
    return html`<a href=${found} dir="ltr">${found}</a>`;
  }
  return html`<a class="number" href=${dialling(found)} dir="ltr">${found}</a>`;
}
