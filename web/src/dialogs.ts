/** The dialogs: statements of the guide behind a reference, and whether to erase all. */
import { html, type TemplateResult } from "lit";
import { words } from "./facts";
import type { Statement } from "./server";
import { statementView } from "./statement";

export function statementsDialog(statements: Statement[]): TemplateResult {
  return html`<dialog id="statements" aria-labelledby="statements-title">
    <h2 id="statements-title" tabindex="-1" autofocus>${words.statement_title}</h2>
    ${statements.map(statementView)}
    <form method="dialog"><button class="primary">${words.close}</button></form>
  </dialog>`;
}

export function eraseDialog(erase: () => void): TemplateResult {
  return html`<dialog id="erase" aria-labelledby="erase-sure">
    <p id="erase-sure">${words.erase_sure}</p>
    <form method="dialog" class="actions">
      <button class="erase-no">${words.erase_no}</button>
      <button class="primary erase-yes" @click=${erase}>${words.erase_yes}</button>
    </form>
  </dialog>`;
}
