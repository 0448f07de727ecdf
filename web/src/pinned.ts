/** The notice above the conversation in danger: what to do first, and a button that calls. */
import { html, nothing, type TemplateResult } from "lit";
import { ANSWERS_LANGUAGE, facts, filled, words, type Reply } from "./facts";
import { dialling } from "./marks";

/** The first reply that is an alarm. */
export function alarmIn(replies: Reply[]): Reply | undefined {
  return replies.find(({ kind }) => kind === "emergency" || kind === "crisis");
}

export function pinnedView(alarm: Reply | undefined, dismiss: () => void): TemplateResult | typeof nothing {
  if (!alarm) return nothing;
  const { emergency_number, crisis_line } = facts.clinic;
  const number = alarm.kind === "crisis" ? crisis_line : emergency_number;
  return html`<section class="pinned ${alarm.kind}">
    <p class="first-line" lang=${ANSWERS_LANGUAGE} dir="auto">${alarm.text.split("\n")[0]}</p>
    <div class="actions">
      <a class="call" href=${dialling(number)}>${filled(words.call, { number })}</a>
      <button type="button" @click=${dismiss}>${words.dismiss}</button>
    </div>
  </section>`;
}
