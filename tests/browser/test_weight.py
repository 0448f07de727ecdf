"""A: light and quick on a cheap phone. G: without scripts or frames there is a way, too."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Chat, Clinic, until
from tests.server.conftest import ROOT, Server

pytestmark = pytest.mark.browser

WEB = ROOT / "web"
STATIC = ROOT / "bot" / "channels" / "static"
LICENCES = {"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"}


def test_the_opened_chat_is_light(page: Page, server: Server, clinic: Clinic) -> None:
    assert len(gzip.compress((STATIC / "widget.js").read_bytes())) <= 3 * 1024
    loads = []
    page.on("requestfinished", lambda request: loads.append(request))
    page.goto(clinic.url)
    page.get_by_role("button", name="Questions about B12?").click()
    Chat(page, page.frame_locator("iframe")).wait()
    page.wait_for_timeout(1000)
    ours = [request for request in loads if request.url.rstrip("/") != clinic.url]
    assert all(request.url.startswith(server.url) for request in ours)
    assert len(ours) <= 6, [request.url for request in ours]
    sizes = {request.url: request.sizes()["responseBodySize"] for request in ours}
    assert sum(sizes.values()) <= 30 * 1024, sizes


def test_the_packages_are_few_and_free() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    runtime = {name: entry for name, entry in packages.items() if not entry.get("dev")}
    assert len(runtime) <= 8
    assert {entry["license"] for entry in runtime.values()} <= LICENCES
    assert not any(entry.get("hasInstallScript") for entry in runtime.values())
    assert not any("resolved" in entry for entry in packages.values())
    wanted = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}.values()
    assert all(version[0].isdigit() for version in versions)


# Taken within the page: when the launcher was there, when the open chat's field had the focus.
WATCH_LAUNCHER = """() => {
  const look = () => {
    const host = [...(document.body?.children ?? [])].find((element) => element.shadowRoot);
    if (host) window.launcherAt = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}"""
WATCH_FIELD = """() => {
  const look = () => {
    const host = [...document.body.children].find((element) => element.shadowRoot);
    const inside = host.shadowRoot.querySelector("iframe")?.contentDocument;
    if (inside?.activeElement?.id !== "message") requestAnimationFrame(look);
    else window.usableAfter = performance.now() - window.clickedAt;
  };
  addEventListener("click", () => { window.clickedAt = performance.now(); look(); }, true);
}"""


def test_it_is_quick_on_a_slow_phone(new_page: Callable[..., Page], server: Server) -> None:
    launchers, opens = [], []
    for _ in range(5):  # the best of five: other programs may hold the machine up
        page = new_page()
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.add_init_script(f"if (parent === window) ({WATCH_LAUNCHER})()")
        page.goto(server.url)
        until(page, "window.launcherAt")
        launchers.append(page.evaluate("window.launcherAt"))
        page.evaluate(WATCH_FIELD)
        page.get_by_role("button", name="Questions about B12?").click()
        until(page, "window.usableAfter")
        opens.append(page.evaluate("window.usableAfter"))
        page.close()
    # With more programs than cores, each waits for its turn; the figures are for a free machine.
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print("milliseconds to the launcher", launchers, "to usable input", opens, "busy", busy)
    assert min(launchers) <= 1000 * busy, launchers
    assert min(opens) <= 700 * busy, opens


def test_without_scripts_there_are_links_and_a_phone(
    new_page: Callable[..., Page], server: Server
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(server.url)
    expect(page.get_by_role("link", name="as a page of its own")).to_have_attribute("href", "/chat")
    assert page.locator("noscript a[href='tel:+441632960012']").count()
    page.goto(f"{server.url}/chat")
    expect(page.locator("a[href='tel:+441632960012']")).to_be_visible()
    expect(page.locator("a[href='tel:112']")).to_be_visible()


def test_without_frames_the_loader_shows_the_page_and_the_phone(
    page: Page, server: Server, clinic: Clinic
) -> None:
    page.clock.install()
    page.route("**/chat?**", lambda route: route.abort())
    page.goto(clinic.url)
    page.get_by_role("button", name="Questions about B12?").click()
    page.clock.fast_forward(8000)
    expect(page.get_by_role("link", name="Open it as a page")).to_be_visible()
    expect(page.get_by_role("link", name="+44 1632 960 012")).to_have_attribute(
        "href", "tel:+441632960012"
    )
    page.keyboard.press("Escape")


@pytest.mark.skipif(
    not os.environ.get("CI") and shutil.which("npm") is None,
    reason="Node is not installed; in CI it is.",
)
def test_the_carried_files_are_built_from_these_sources(tmp_path: Path) -> None:
    copy = tmp_path / "web"
    shutil.copytree(WEB, copy, ignore=shutil.ignore_patterns("node_modules"))
    for command in ("npm ci --ignore-scripts --no-audit --no-fund", "npm run build"):
        subprocess.run(command.split(), cwd=copy, check=True, capture_output=True)
    built = tmp_path / "bot" / "channels" / "static"
    files = {file.relative_to(built) for file in built.rglob("*") if file.is_file()}
    assert files == {file.relative_to(STATIC) for file in STATIC.rglob("*") if file.is_file()}
    for file in files:
        assert (built / file).read_bytes() == (STATIC / file).read_bytes(), file
