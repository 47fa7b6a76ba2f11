"""The report in a browser: what is seen, clicked, typed and searched; a real Chromium, headless."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.report.folders import EVIL, records

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Open = Callable[..., "Page"]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Open a report; in the end nothing may have been complained about, and nothing asked of a network."""
    complaints: list[str] = []
    pages: list[Page] = []

    def go(path: Path, place: str = "", **options: Any) -> Page:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, **options)
        pages.append(page)
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda asked: complaints.append(asked.url) if asked.url.startswith("http") else None
        )
        page.goto(f"{path.as_uri()}{place}")
        page.wait_for_selector("body.ready")
        if place.startswith("#reader"):
            page.wait_for_selector(".turn")
        return page

    yield go
    for page in pages:
        page.close()
    assert complaints == []


def found(page: Page, words: str) -> str:
    """What the reader says after a search has ended."""
    page.evaluate("performance.clearMarks()")
    page.fill("#search", words)
    while not page.evaluate("performance.getEntriesByName('search-end').length"):
        page.wait_for_timeout(20)
    return page.inner_text(".count")


def test_the_first_thing_seen_is_the_yield(opened: Open, report: Path) -> None:
    page = opened(report)
    assert page.inner_text("h1") == "10 verified trajectories"
    assert page.locator("#section-yield canvas").count() >= 2
    assert "100%" in page.inner_text(".tiles")


def test_every_section_opens_without_complaint(opened: Open, report: Path) -> None:
    page = opened(report)
    for key, heading in (("3", "Tools and graph"), ("4", "Distributions"), ("5", "Quality")):
        page.keyboard.press(key)
        assert page.locator("h2:visible").first.inner_text() == heading
    page.keyboard.press("1")
    assert page.locator("h1").is_visible()


def test_a_trajectory_is_read_as_it_is_stored(opened: Open, report: Path, run_folder: Path) -> None:
    row = records(run_folder)[4]
    page = opened(report, f"#reader/{row['id']}")
    assert page.inner_text("#trajectory-title") == f"Trajectory {row['id']}"
    calls = [call["name"] for turn in row["turns"] for step in turn["steps"] for call in step["calls"]]
    assert page.locator(".call .name").all_inner_texts() == calls
    assert page.locator(".bubble.query .text").all_inner_texts() == [turn["query"] for turn in row["turns"]]
    assert page.locator(".bubble.answer .text").all_inner_texts() == [turn["answer"] for turn in row["turns"]]
    assert page.locator(".turn .state-none, .turn .fold.state").count() == len(row["turns"])


def test_an_arrow_leads_from_each_source_to_its_argument(
    opened: Open, report: Path, run_folder: Path
) -> None:
    row = records(run_folder)[4]
    page = opened(report, f"#reader/{row['id']}")
    kinds = {"query": "query", "earlier_query": "earlier", "output": "output"}
    for source, kind in kinds.items():
        expected = sum(
            provenance["source"] == source
            for turn in row["turns"]
            for step in turn["steps"]
            for call in step["calls"]
            for provenance in call["provenance"].values()
        )
        assert page.locator(f"path.arrow.{kind}").count() == expected
    label = page.locator("button.origin.output").first
    label.hover()
    lit = page.locator(".leaf.source.lit")
    assert lit.count() == 1
    argument = label.locator("xpath=../..").locator(".argument-value")
    assert lit.inner_text() == argument.inner_text()


def test_the_words_of_the_query_that_an_argument_takes_are_marked(
    opened: Open, report: Path, run_folder: Path
) -> None:
    page = opened(report, f"#reader/{records(run_folder)[4]['id']}")
    label = page.locator("button.origin.query").first
    label.hover()
    value = label.locator("xpath=../..").locator(".argument-value").inner_text().strip('"')
    assert page.locator("mark.lit").inner_text().casefold() == value.casefold()


def test_the_keyboard_goes_through_the_trajectories(opened: Open, report: Path) -> None:
    page = opened(report, "#reader")
    for key, title in (("j", "3-1"), ("j", "3-2"), ("k", "3-1")):
        page.keyboard.press(key)
        page.locator("#trajectory-title", has_text=f"Trajectory {title}").wait_for()
        assert page.evaluate("location.hash") == f"#reader/{title}"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()


def test_search_finds_what_is_in_the_texts(opened: Open, many: Path, run_folder: Path) -> None:
    def texts(row: dict[str, Any]) -> str:
        return " ".join(turn["query"] for turn in row["turns"]).casefold()

    word = records(run_folder)[7]["turns"][0]["query"].split()[-3].strip(".,!?\"'")
    expected = sum(word.casefold() in texts(row) for row in records(many.parent))
    page = opened(many, "#reader")
    page.select_option(".searchbox select", "queries")
    assert found(page, word.upper()) == f"{expected} of 450 trajectories"
    assert page.locator(".row mark").first.inner_text().casefold() == word.casefold()
    assert found(page, 'no "such" words') == "0 of 450 trajectories"


def test_filters_leave_those_that_pass(opened: Open, many: Path) -> None:
    rows = records(many.parent)
    tool = rows[0]["turns"][0]["steps"][0]["calls"][0]["name"]
    with_tool = [
        row
        for row in rows
        if any(
            call["name"] == tool for turn in row["turns"] for step in turn["steps"] for call in step["calls"]
        )
    ]
    two = [row for row in with_tool if len(row["turns"]) == 2]
    page = opened(many, "#reader")
    page.select_option("#filter-tool", tool)
    assert page.inner_text(".count") == f"{len(with_tool)} of 450 trajectories"
    page.select_option("#filter-turns", "2")
    assert page.inner_text(".count") == f"{len(two)} of 450 trajectories"
    page.click("#filters-clear")
    assert page.inner_text(".count") == "450 trajectories"


def test_only_the_rows_that_are_seen_exist(opened: Open, many: Path) -> None:
    page = opened(many, "#reader")
    assert page.locator(".row").count() < 40
    page.focus(".list")
    page.keyboard.press("End")
    page.locator("#trajectory-title", has_text="Trajectory 3-449").wait_for()
    assert page.locator("#row-449").get_attribute("aria-selected") == "true"
    assert page.locator(".row").count() < 40


def test_what_is_in_the_data_is_text(opened: Open, evil: Path) -> None:
    page = opened(evil, "#reader")
    page.keyboard.press("e")
    for key in "1345":
        page.keyboard.press(key)
        page.wait_for_timeout(50)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert page.locator(".bubble.answer .text").first.text_content() == EVIL


def test_a_tool_s_button_opens_it_and_leads_to_its_trajectories(opened: Open, report: Path) -> None:
    page = opened(report, "#tools")
    page.locator("table button.link").first.click()
    name = page.inner_text(".chosen-part h3 code")
    page.click(".chosen-part button.primary")
    page.wait_for_selector(".turn")
    assert page.input_value("#filter-tool") == name
    assert name in page.locator(".call .name").all_inner_texts()


def test_a_tool_in_the_picture_can_be_clicked(opened: Open, report: Path) -> None:
    page = opened(report, "#tools")
    canvas = page.locator(".canvas canvas").first
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box
    for place in range(400):  # the tools' places on the screen are the chart's own affair
        row, column = divmod(place, 25)
        page.mouse.click(
            box["x"] + box["width"] * (column + 0.5) / 25, box["y"] + box["height"] * (row + 0.5) / 16
        )
        if page.locator(".chosen-part h3").count():
            break
    assert page.locator(".chosen-part h3").inner_text()


CONTRAST = """(names) => {
  const probe = document.body.appendChild(document.createElement("span"));
  const light = (name) => {
    probe.style.color = `var(--${name})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number)
      .map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return names.map(([text, ground]) => {
    const [high, low] = [light(text), light(ground)].sort((one, other) => other - one);
    return (high + 0.05) / (low + 0.05);
  });
}"""
PAIRS = [
    *[(text, ground) for text in ("text", "dim") for ground in ("ground", "surface", "sunken")],
    *[(text, "surface") for text in ("accent", "good", "bad", "warn")],
    *[(name, f"{name}-soft") for name in ("accent", "bad", "warn", "query", "earlier", "output")],
    ("text", "accent-soft"),
    ("on-accent", "accent"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_in_both_schemes(opened: Open, report: Path, scheme: str) -> None:
    page = opened(report, color_scheme=scheme)
    contrasts = dict(zip(PAIRS, page.evaluate(CONTRAST, PAIRS), strict=True))
    assert {pair: round(value, 2) for pair, value in contrasts.items() if value < 4.5} == {}


def test_the_switch_wins_over_the_system_s_scheme(opened: Open, report: Path) -> None:
    page = opened(report, color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.click("#theme")
    light = page.evaluate(ground)
    assert light != dark
    page.reload()
    page.wait_for_selector("body.ready")
    assert page.evaluate(ground) == light


def test_every_control_has_a_name(opened: Open, report: Path) -> None:
    page = opened(report, "#reader")
    unnamed = """() => [...document.querySelectorAll("button, a, select, input, dialog, [role=region], [role=listbox], [role=img]")]
        .filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim() || one.getAttribute("aria-labelledby")))
        .map((one) => one.outerHTML.slice(0, 80))"""
    assert page.evaluate(unnamed) == []
