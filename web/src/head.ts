/** The head of the chat: who speaks, the menu, and the button that closes the window. */
import { html, nothing, type TemplateResult } from "lit";
import { assistantName, facts, words } from "./facts";
import { isFramed, tell } from "./host";

/** @param open Whether the menu shows. */
export function headView(open: boolean, toggle: () => void, menu: () => TemplateResult): TemplateResult {
  return html`<header>
    <span class="mark" aria-hidden="true">B12</span>
    <div class="names">
      <h1>${assistantName}</h1>
      <p>${facts.clinic.name}</p>
    </div>
    <button type="button" class="icon menu-button" aria-label=${words.menu} aria-expanded=${open} @click=${toggle}>
      <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="5" cy="12" r="2"/><circle cx="12" cy="12" r="2"/><circle cx="19" cy="12" r="2"/></svg>
    </button>
    ${isFramed
      ? html`<button type="button" class="icon" aria-label=${words.close} @click=${() => tell({ b12: "close" })}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg>
        </button>`
      : nothing}
    ${open ? menu() : nothing}
  </header>`;
}

/** @param isWide Whether the chat fills the clinic's page. */
export function menuView(
  isWide: boolean,
  chosen: { widen: () => void; print: () => void; erase: () => void },
): TemplateResult {
  return html`<div class="menu">
    ${isFramed
      ? html`<button type="button" class="widen" @click=${chosen.widen}>
          ${isWide ? words.small_window : words.full_page}
        </button>`
      : nothing}
    <button type="button" @click=${chosen.print}>${words.print_chat}</button>
    <button type="button" class="erase" @click=${chosen.erase}>${words.erase}</button>
  </div>`;
}
