/** The sheet that a reference chip opens: the statement, where it stands, who has reviewed it. */
import { html, type TemplateResult } from "lit";
import { dateText } from "./calendar";
import { ANSWERS_LANGUAGE, filled, words, type Reply } from "./facts";
import type { Statement } from "./server";

/** The statements of a reply that carry a reference number. */
export function statementsFor(
  reply: Reply,
  reference: number,
  all: Record<string, Statement>,
): Statement[] {
  const carries = (statement?: Statement) => statement?.references.includes(reference) ?? false;
  const named = reply.statements.map((id) => all[id]).filter(carries) as Statement[];
  return named.length ? named : Object.values(all).filter(carries);
}

export function statementView(statement: Statement): TemplateResult {
  const { reviewed_by: name, reviewed_on: date } = statement;
  return html`<article class="statement">
    <p class="words" lang=${ANSWERS_LANGUAGE} dir="ltr">${statement.text}</p>
    <dl>
      <dt>${words.section}</dt>
      <dd lang=${ANSWERS_LANGUAGE}>${statement.section}</dd>
      <dt>${words.references}</dt>
      <dd>${statement.references.map((each) => `[${each}]`).join(" ") || words.no_references}</dd>
    </dl>
    <p class="review">
      ${name && date ? filled(words.reviewed, { name, date: dateText(date) }) : words.unreviewed}
    </p>
  </article>`;
}
