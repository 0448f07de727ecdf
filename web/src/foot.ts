/** The foot of the chat: what went wrong, the field to write in, and whom to call. */
import { html, nothing, type TemplateResult } from "lit";
import { facts, filled, words } from "./facts";
import { blocks, dialling } from "./marks";

const LONGEST = 2000; // characters

/** Something that failed, and how to try it again. */
export interface Trouble {
  text: string;
  repeat: () => void;
}

export function troubleView(offline: boolean, trouble?: Trouble): TemplateResult | typeof nothing {
  if (offline) return html`<div class="trouble"><p>${words.offline}</p>${again(trouble)}</div>`;
  if (!trouble) return nothing;
  return html`<div class="trouble">
    ${blocks(trouble.text, "error", () => undefined)} ${again(trouble)}
  </div>`;
}

function again(trouble?: Trouble): TemplateResult | typeof nothing {
  if (!trouble) return nothing;
  const { emergency_number: number } = facts.clinic;
  return html`<div class="actions">
    <button type="button" class="primary" @click=${trouble.repeat}>${words.try_again}</button>
    <a href=${dialling(number)}>${filled(words.in_danger, { number })}</a>
  </div>`;
}

/** @param draft What is being written. */
export function footView(
  draft: string,
  on: { submit: (event: Event) => void; write: () => void; press: (event: KeyboardEvent) => void },
): TemplateResult {
  const { phone, hours, emergency_number: number } = facts.clinic;
  return html`<footer>
    <form class="column" @submit=${on.submit}>
      <label for="message" class="unseen">${words.your_question}</label>
      <textarea id="message" rows="1" maxlength=${LONGEST} placeholder=${words.your_question} dir="auto"
        autocomplete="off" enterkeyhint="send" aria-describedby="longest" .value=${draft}
        @input=${on.write} @keydown=${on.press}></textarea>
      <button type="submit" class="primary send">${words.send}</button>
      <p id="longest" ?hidden=${draft.length < LONGEST}>${words.longest}</p>
    </form>
    <p class="column contact">
      <a href=${dialling(phone)}><span class="unseen">${words.call_clinic}</span> <bdi dir="ltr">${phone}</bdi></a>
      <span class="hours" lang="en">${hours}</span>
      <a class="danger" href=${dialling(number)}>${filled(words.in_danger, { number })}</a>
    </p>
  </footer>`;
}
