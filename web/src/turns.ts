/** A turn: what was said once, by the parent or by the assistant alone, and what came back. */
import { html, nothing, type TemplateResult } from "lit";
import { ANSWERS_LANGUAGE, assistantName, words, type QuickReply, type Reply } from "./facts";
import { blocks } from "./marks";
import { appointments, picture } from "./calendar";
import type { Calendar } from "./server";

export interface Turn {
  id: string;
  /** What the parent sees of it; null where the assistant began. */
  user: string | null;
  replies: Reply[];
  failed: boolean;
}

/** What a bubble can ask for. */
export interface Wishes {
  openReference(reply: Reply, reference: number): void;
  loadCalendar(): Promise<Calendar>;
}

const SAFETY = ["emergency", "crisis", "care_team"];

/** @param isNew Said since the page was opened: its picture is shown at once. */
export function turnView(turn: Turn, isNew: boolean, wishes: Wishes): TemplateResult {
  return html`<div class="turn" data-turn=${turn.id}>
    ${turn.user === null ? nothing : mine(turn)}
    ${turn.replies.map((reply) => theirs(reply, isNew, wishes))}
  </div>`;
}

function mine({ user, failed }: Turn): TemplateResult {
  return html`<div class="bubble mine ${failed ? "failed" : ""}" tabindex="-1">
    <span class="unseen">${words.you}</span>
    <p dir="auto">${user}</p>
    ${failed ? html`<p class="note">${words.not_sent}</p>` : nothing}
  </div>`;
}

/** One reply of the assistant, in the language of the answers. */
export function theirs(reply: Reply, isNew: boolean, wishes: Wishes): TemplateResult {
  const open = (reference: number) => wishes.openReference(reply, reference);
  return html`<div class="bubble theirs ${reply.kind}" lang=${ANSWERS_LANGUAGE} dir="ltr" tabindex="-1">
    <span class="unseen">${assistantName}:</span>
    ${blocks(reply.text, reply.kind, open)}
    ${SAFETY.includes(reply.kind) ? html`<p class="note">${words.ours}</p>` : nothing}
    ${reply.schedule?.length
      ? html`${appointments(reply.schedule)}${picture(isNew, wishes.loadCalendar)}`
      : nothing}
  </div>`;
}

/** The buttons of the newest reply; older ones have had their time. */
export function quickReplies(
  buttons: QuickReply[],
  onTap: (button: QuickReply) => void,
): TemplateResult | typeof nothing {
  if (!buttons.length) return nothing;
  return html`<div class="quick-replies" lang=${ANSWERS_LANGUAGE}>
    ${buttons.map(
      (button) =>
        html`<button type="button" dir="auto" @click=${() => onTap(button)}>${button.title}</button>`,
    )}
  </div>`;
}
