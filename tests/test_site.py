"""Laws of the site: it answers as the report does, leads nowhere else, and reads everywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from exitmatrix.cli.errors import Failure
from exitmatrix.cli.site import command
from exitmatrix.declare.questions import QUESTIONS, url_of
from exitmatrix.declare.spoken import SCENARIO_TITLES, SPOKEN
from exitmatrix.machine.site import MARK
from exitmatrix.report.document import Figure, Symbol, inline, plain
from exitmatrix.report.render.html import html_words
from exitmatrix.report.render.svg import COLOURS, strip_svg, timeline_svg
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.sections.budget import length_of
from exitmatrix.report.site.answers import OLDER, at_length
from exitmatrix.report.site.content import page_of
from exitmatrix.report.site.front import SHOWN
from exitmatrix.report.site.laws import COMMON, KINDS
from exitmatrix.report.site.races import bound
from exitmatrix.report.survey import surveys
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import LOADED
from tests.support.committed import REPORTS, records
from tests.support.part import every

VOID = {"meta", "link", "input", "img", "br", "path", "rect", "circle"}
FRONT_BYTES, CELL_BYTES = 100_000, 1_000  # 5 MB for 5,000 cells
"""Of the first page with all that it loads; and of the whole site for a cell on record. The bar
is 5 MB for 5,000 cells."""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--enable-logging=stderr",
    "--allow-file-access-from-files",
    "--virtual-time-budget=20000",
]
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the committed records."""
    folder = tmp_path_factory.mktemp("site")
    write_site("--to", str(folder))
    return folder


def write_site(*arguments: str, folder: Path = REPORTS) -> None:
    command.main(["--output", str(folder), *arguments], standalone_mode=False)


class Parsed(HTMLParser):
    """What a page holds; raises where an element is not closed in its place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, int]] = []  # with their places among the spans
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []  # of all its text
        self.spans: list[tuple[str, int, int]] = []  # elements: where in these they begin and end
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, len(self.spans)))
            self.spans.append((tag, len(self.parts), len(self.parts)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        opened, place = self.open.pop()
        assert opened == tag, f"</{tag}> closes another"
        self.spans[place] = (tag, self.spans[place][1], len(self.parts))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def words(self, tag: str) -> list[str]:
        """The text of each such element, with that of those in it."""
        return ["".join(self.parts[a:b]) for name, a, b in self.spans if name == tag]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


CELLS = "c"  # the folder with a page for the cells of each ending of a scenario


@cache
def pages(site: Path) -> list[tuple[Path, Parsed]]:
    """All pages, but of those of cells a part: they are most, and one template makes them."""
    cells = sorted((site / CELLS).rglob("*.html"))
    others = set(site.rglob("*.html")) - set(cells)
    return [(file, parsed(file)) for file in sorted({*others, *every(8, cells)})]


@cache
def parsed(file: Path) -> Parsed:
    return Parsed(file.read_text())


def ids(of: Parsed) -> list[str]:
    return [value for _, attributes in of.elements if (value := attributes.get("id"))]


# ------------------------------------------------------------------- the files


def test_every_page_is_whole_and_named(site: Path) -> None:
    """Elements are closed, names are unique, every field has a label and every picture a text."""
    for file, here in pages(site):
        assert here.all("html") == [{"lang": "en"}], file
        assert len(here.all("h1")) == 1, file
        assert len(here.all("main")) == 1, file
        assert here.words("title")[0].strip(), file
        assert len(ids(here)) == len(set(ids(here))), file
        labelled = {one.get("for") for one in here.all("label")}
        fields = here.all("select") + here.all("input")
        assert {one["id"] for one in fields} <= labelled, file
        assert all(one.get("alt") for one in here.all("img")), file
        assert all(one.get("aria-label") for one in here.all("svg")), file


def test_every_link_leads_to_a_file_and_a_name_in_it(site: Path) -> None:
    """Within the site, or by hand to a thread: no page asks anything of a network."""
    threads = {url_of(thread) for one in QUESTIONS for thread in one.threads}
    counted = 0
    for file, here in pages(site):
        for element, attributes in here.elements:
            for name in ("href", "src"):
                target = attributes.get(name)
                if target is None or (element == "a" and target in threads):
                    continue
                assert "//" not in target, (file, target)
                assert not re.match(r"[a-z]+:", target), (file, target)
                path, _, anchor = unquote(target).partition("#")
                there = (file.parent / path).resolve() if path else file.resolve()
                assert there.is_file(), (file, target)
                assert not anchor or anchor in ids(parsed(there)), (file, target)
                counted += 1
    assert counted > 1000


def test_style_and_script_fetch_nothing(site: Path) -> None:
    """Not even from the site itself: pages that are opened as files may not."""
    files = [one for one in (site / "assets").rglob("*") if one.suffix in (".css", ".js")]
    assert len(files) > 10
    for file in files:
        asks = r"@import|url\(|fetch\(|XMLHttp|import\(|sendBeacon|https?:"
        assert not re.search(asks, file.read_text()), file


def test_it_is_small(site: Path) -> None:
    """The first page with all that it loads, and the whole."""
    first = ["index.html", "assets/style.css", "assets/site.js", "assets/answers.js"]
    first += ["assets/answers/gunicorn.js"]  # what it shows before anything is chosen
    assert sum((site / name).stat().st_size for name in first) < FRONT_BYTES
    files = [file for file in site.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < CELL_BYTES * len(records())


def test_the_first_page_answers_as_the_report_does(site: Path) -> None:
    """Word for word, row for row."""
    report = (REPORTS / "matrix.md").read_text()
    situations = rows_below("## Will my clean-up run?", report)
    answers = [row[:-1] for row in rows_below("## The answer", report)]
    page = Parsed((site / "index.html").read_text())
    shown = [" ".join(row.split()) for row in page.words("tr")]
    assert shown[1 : len(situations) + 1] == [" ".join("".join(row).split()) for row in situations]
    begin = len(situations) + 2
    assert shown[begin : begin + len(answers)] == [
        " ".join("".join(row).split()) for row in answers
    ]


def rows_below(heading: str, report: str) -> list[list[str]]:
    """The rows of the first table below a heading of the Markdown, without its marks."""
    part = report.partition(f"{heading}\n")[2].partition("\n| ")[2].partition("\n\n")[0]
    return [re.sub(r"[`*\\]", "", row).strip("| ").split(" | ") for row in part.splitlines()[2:]]


def test_every_question_has_a_page_with_its_answer(site: Path) -> None:
    """The answer is the one that the report's own function gives."""
    asked = surveys({"linux-x86_64": list(records())}, LOADED)
    for question, survey in asked.items():
        file, _, part = page_of(question).partition("#")
        text = (site / file).read_text().partition(f' id="{part}"' if part else "<main")[2]
        answer = html_words(short_answer(survey.groups[0]))
        assert text.partition("<strong>")[2].startswith(f"{answer}</strong>"), question
        data = json.loads((site / file).with_name("data.json").read_text())
        groups = data["questions"][str(question)]
        by_stack = [some for group in groups for some in group["interpreters"].values()]
        assert sum(map(len, by_stack)) == len(survey.measured)


def test_the_panel_tells_what_the_page_of_the_cell_does(site: Path) -> None:
    """The order of events, the laws that matter, and who does so."""
    panel = (site / "index.html").read_text().partition('id="answer"')[2].partition("</section>")[0]
    page = (site / page_of(SHOWN)).read_text()
    order = Parsed(panel.partition('class="order"')[2].partition("</ol>")[0].partition(">")[2])
    assert "; ".join(order.words("li")) == Parsed(page).all("svg")[0]["aria-label"]
    why = panel.partition('class="why">')[2].partition("</ul>")[0]
    assert why
    assert f"<ul>{why.replace('laws/', '../../../laws/')}</ul>" in page
    measured = [one for one in records() if one.question == SHOWN]
    survey = surveys({"linux-x86_64": measured}, LOADED)[SHOWN]
    all_alike = f"All {len(survey.measured)} that were measured"
    assert all_alike in panel
    assert all_alike in page


def test_a_race_says_where_only_older_releases_showed_a_part_of_it() -> None:
    """The answer of a group is that of all its members; the newest release may show less."""
    found = surveys({"linux-x86_64": list(records())}, LOADED)
    racy = [group for one in found.values() for group in one.groups if group.racy]
    older = [group for group in racy if group.newest != group.outcomes]
    assert len(older) > 3
    assert all(at_length(group).endswith(OLDER) == (group in older) for group in racy)


def test_every_question_of_people_is_answered_or_says_what_is_missing(site: Path) -> None:
    """With the answer of its first case on record, all its threads, and the command to try."""
    newest = surveys({"linux-x86_64": list(records())}, LOADED)
    index = (site / "questions" / "index.html").read_text()
    answered = 0
    for one in QUESTIONS:
        file = site / one.folder / "index.html"
        text = file.read_text() if file.exists() else index
        for thread in one.threads:
            assert f'href="{url_of(thread)}"' in text, (one.id, thread)
        assert html_words(one.tries) in text, one.id
        found = [
            survey
            for case in one.cases
            for question, survey in newest.items()
            if question.matches(case.cells)
        ]
        if not found:
            assert f'<li id="{one.id}">' in index
            assert not file.exists()
            continue
        answered += 1
        answer = html_words(short_answer(found[0].groups[0]))
        assert f"<strong>{answer}</strong>" in text, one.id
        for survey in found:
            assert f'href="../../{page_of(survey.question)}"' in text, one.id
            page = (site / page_of(survey.question).partition("#")[0]).read_text()
            assert f'href="../../../{one.folder}/index.html"' in page
    assert answered > 20


def test_every_race_has_a_place_with_its_odds(site: Path) -> None:
    """What none of n runs showed has a probability below 3/n."""
    text = (site / "races" / "index.html").read_text()
    racy = [
        one
        for one in surveys({"linux-x86_64": list(records())}, LOADED).values()
        if one.racy and not length_of(one.scenario)
    ]
    assert racy
    for one in racy:
        assert f"../{page_of(one.question)}" in text
    assert (bound(20), bound(300), bound(1), bound(0)) == (
        "below 15 %",
        "below 1.0 %",
        "below 100 %",
        "not known",
    )


def test_the_boundaries_are_those_of_the_report(site: Path) -> None:
    """Every heading of it, and as many programs."""
    report = (REPORTS / "boundaries.md").read_text()
    page = Parsed((site / "boundaries" / "index.html").read_text())
    assert page.words("h2") == re.findall(r"^## (.*)$", report, re.MULTILINE)
    assert len(page.words("pre")) == report.count("```") / 2


def test_every_law_has_a_place_with_its_source(site: Path) -> None:
    """Of programs, servers and launchers; a cell's page leads there by the law's id."""
    here = parsed(site / "laws" / "index.html")
    items = " ".join(here.words("li"))
    for laws in KINDS.values():
        assert set(laws) <= set(ids(here))
        missing = [id for id, one in laws.items() if f"Source: {one.source}." not in items]
        assert not missing


def test_laws_that_many_cells_rest_on_are_told_once(site: Path) -> None:
    """On the page of laws; what a signal does, and what servers do, stands on each page."""
    text = (site / "c" / "plain" / "SIGTERM@main" / "index.html").read_text()
    assert f"../laws/index.html#{COMMON}" in text
    assert "laws/index.html#default-action" in text
    assert "laws/index.html#register-appends" not in text


def test_it_reads_without_a_script(site: Path) -> None:
    """The answer and the tables stand in the pages; what only a script can do is hidden."""
    front = Parsed((site / "index.html").read_text())
    assert "Each worker runs its handlers C, B, A" in front.words("section")[0]
    assert len(front.words("tr")) > 10
    for file, here in pages(site):
        waiting = here.all("form") + [one for one in here.all("p") if one.get("id") == "searching"]
        assert all("hidden" in one for one in waiting), file


def test_text_has_contrast_in_light_and_in_dark(site: Path) -> None:
    """At least 4.5 to 1 on the page and on a panel, as WCAG 2.2 asks (1.4.3)."""
    style = (site / "assets" / "style.css").read_text()
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in halves(style))
    assert set(light) == set(dark)
    for colours in (light, dark):
        for name in set(colours) - {"back", "panel", "line"}:
            for behind in ("back", "panel"):
                assert contrast(colours[name], colours[behind]) >= 4.5, (name, behind)
    assert all(contrast(colour, "#ffffff") >= 4.5 for colour in COLOURS.values())


def halves(style: str) -> tuple[str, str]:
    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    return light, dark.partition("\n}\n")[0]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


# --------------------------------------------------------------- what makes them


@given(st.lists(st.one_of(st.text(), st.sampled_from(Symbol)), max_size=4))
def test_words_open_no_element(parts: list[str | Symbol]) -> None:
    """Whatever programs say is text: what is left of the page's own elements is escaped."""
    shown = html_words(inline(*parts))
    rest = re.sub(r'<i class="\w+" aria-hidden="true">.</i>', "", shown)
    assert not set("<>\"'") & set(rest)
    page = Parsed(shown)
    assert not page.open


def test_squares_of_a_strip_have_different_names(site: Path) -> None:
    """3.11.2 and 3.11.7, where both were measured; the others by their minor version."""
    strip = (site / "c" / "plain" / "SIGINT@main" / "strip.svg").read_text()
    names = re.search(r'y="29"[^>]*>([^<]*)<', strip)
    assert names
    assert names[1].split()[:4] == ["PyPy", "3.9", "PyPy", "3.11"]
    plain_ones = names[1].split()[4:]
    assert {"3.11.2", "3.11.7", "3.12"} <= set(plain_ones)
    assert len(plain_ones) == len(set(plain_ones))


def test_a_figure_says_what_it_shows() -> None:
    """In its label, for who cannot see it; and nothing in it is markup."""
    drawn = timeline_svg(Figure(("main",), (("main", "runs <b>"), ("", "SIGTERM to the main"))))
    page = Parsed(drawn)
    assert page.all("svg")[0]["aria-label"] == "main runs <b>; SIGTERM to the main"
    assert not page.all("b")
    strip = Parsed(strip_svg("plain/return@main", [("3.13", Symbol.YES)]))
    assert strip.words("title") == ["plain/return@main: yes (3.13)"]


def test_a_folder_that_is_no_site_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written beside what somebody keeps there."""
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    with pytest.raises(Failure, match="neither empty nor a site") as raised:
        write_site("--to", str(tmp_path))
    assert raised.value.exit_code == 2
    assert [*tmp_path.iterdir()] == [kept]


def few_records(folder: Path, scenario: str = "plain") -> Path:
    """Reports about one question, in which versions differ; `scenario` is what it is called."""
    file = folder / "observations" / "linux-x86_64"
    file.mkdir(parents=True)
    for one in records():
        if str(one.question) == "plain/SIGINT@main":
            text = msgspec.json.encode(one).decode().replace("/plain/", f"/{scenario}/")
            text = text.replace('"scenario":"plain"', f'"scenario":"{scenario}"')
            (file / f"{one.interpreter_id}.jsonl").write_text(f"{text}\n")
    return folder


def test_a_record_whose_program_is_gone_has_its_page(tmp_path: Path) -> None:
    """It says so, and the others are as they are."""
    write_site("--to", str(tmp_path / "site"), folder=few_records(tmp_path / "reports", "gone"))
    page = (tmp_path / "site" / "c" / "gone" / "SIGINT@main" / "index.html").read_text()
    assert "A program that is gone." in page
    assert "is killed by SIGINT" in page


def test_pages_that_are_no_more_are_removed(tmp_path: Path) -> None:
    """What an earlier site held goes; what somebody put beside it stays."""
    site, reports = tmp_path / "site", few_records(tmp_path / "reports")
    write_site("--to", str(site), folder=reports)
    gone, mine = site / "c" / "gone.html", site / "mine.txt"
    gone.write_text("x")
    mine.write_text("x")
    mark = site / MARK
    mark.write_text(f"{mark.read_text()}\nc/gone.html")
    write_site("--to", str(site), folder=reports)
    assert not gone.exists()
    assert mine.exists()


# ------------------------------------------------------------------- in Chromium

LOOKS = """<!DOCTYPE html><meta charset="utf-8"><title>looks</title><body><script>
const told = {};
async function look(name, source, see) {
  const frame = document.createElement("iframe");
  frame.width = 390; frame.height = 800; frame.src = source;
  document.body.append(frame);
  await new Promise((done) => { frame.onload = done; });
  await new Promise((done) => setTimeout(done, 300));
  told[name] = await see(frame.contentDocument, frame.contentWindow);
}
const answer = (page) => page.querySelector("#answer .short").textContent;
const order = (page) =>
  [...page.querySelectorAll("#answer .order li")].map((line) => line.textContent).join("; ");
const drawn = (page) => page.querySelector("svg").getAttribute("aria-label");
const wide = (page) => page.documentElement.scrollWidth - 390;
(async () => {
  const front = SITE + "/index.html";
  await look("first", front, answer);
  await look("other end", front + "#run=flask-debug&end=SIGKILL%40parent", answer);
  await look("other program", front + "#run=plain&end=SIGTERM%40main", answer);
  await look("situation", front + "#run=plain&end=deploy&start=pid1", (page) =>
    [answer(page), page.querySelector("#answer .remedies").textContent]);
  await look("offered", front + "#run=plain&end=deploy", (page) =>
    ["run", "end", "start"].map((id) => [...page.getElementById(id).options].map((it) => it.text)));
  await look("older link", front + "#run=plain&end=SIGTERM%40first&start=sh", answer);
  const python = "#run=plain&end=SIGINT%40main&py=" + encodeURIComponent(PYPY);
  await look("other python", front + python, answer);
  const debug = "#run=flask-debug&end=SIGTERM%40parent";
  await look("order", front + "#run=flask-debug&end=oom", order);
  await look("drawn", SITE + "/c/flask-debug/SIGKILL@child/index.html", drawn);
  await look("versions", front + python, (page) =>
    page.querySelector("#answer .versions").textContent);
  await look("change", front + debug, async (page, frame) => {
    const end = page.getElementById("end");
    end.value = "SIGKILL@child";
    end.dispatchEvent(new frame.Event("change", { bubbles: true }));
    await new Promise((done) => setTimeout(done, 300));
    const more = page.querySelector("#answer .more").getAttribute("href");
    return [answer(page), frame.location.hash, more];
  });
  await look("search", SITE + "/c/index.html#q=flask-debug%20touch", (page) =>
    [...page.querySelectorAll("tbody tr")].filter((row) => !row.hidden).length);
  await look("compare", SITE + "/compare/index.html#a=plain&b=flask", (page) =>
    page.querySelectorAll("#compared tbody tr").length);
  await look("places", SITE + "/compare/index.html#a=gunicorn&b=uvicorn", (page) =>
    [...page.querySelectorAll("#compared tbody tr")].map((row) =>
      [...row.cells].map((cell) => cell.textContent)));
  for (const path of PAGES) await look("wide " + path, SITE + "/" + path, wide);
  const shown = document.createElement("pre");
  shown.textContent = JSON.stringify(told);
  document.body.replaceChildren(shown);
})();
</script>
"""


def chromium(*arguments: str, profile: Path) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM
    return subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )


SOME = (
    "index.html",
    "c/index.html",
    "compare/index.html",
    "matrix/index.html",
    "findings/index.html",
    "claims/index.html",
    "races/index.html",
    "boundaries/index.html",
    "questions/index.html",
    "questions/1-container-137/index.html",
    "c/flask-debug/SIGTERM@group/index.html",
    "c/plain/SIGINT@main/index.html",
    "c/flask-debug/timeout/index.html",
    "laws/index.html",
    "remedies/index.html",
)


@in_a_browser
def test_the_choices_change_the_answer(site: Path, tmp_path: Path) -> None:
    """In a browser: answers follow the choices, nothing is wider than a phone, no error is told."""
    newest = {
        str(question): plain(short_answer(survey.groups[0]))
        for question, survey in surveys({"linux-x86_64": list(records())}, LOADED).items()
    }
    pypy = "PyPy 3.9.16 (7.3.11)"
    page = tmp_path / "looks.html"
    constants = {"SITE": site.as_uri(), "PAGES": SOME, "PYPY": pypy}
    opening = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in constants.items())
    page.write_text(LOOKS.replace("<script>", f"<script>\n{opening}"))
    done = chromium(page.as_uri(), profile=tmp_path / "profile")
    assert "CONSOLE" not in done.stderr, done.stderr
    shown = json.loads(Parsed("".join(done.stdout.partition("<html")[1:])).words("pre")[0])
    assert shown["first"] == newest["gunicorn/SIGTERM@master"]
    assert shown["other end"] == newest["flask-debug/SIGKILL@parent"] != shown["first"]
    assert shown["other program"] == newest["plain/SIGTERM@main"]
    assert shown["situation"][0] == "✗ no; it goes on until SIGKILL"
    assert "What to do: Install a handler that ends the program" in shown["situation"][1]
    programs, ends, starts = shown["offered"]
    assert programs[: len(SCENARIO_TITLES)] == list(SCENARIO_TITLES.values())
    assert ends[: len(SPOKEN)] == [one.title for one in SPOKEN]
    assert starts[0] == "directly"
    assert {"as a container's PID 1", "behind a shell", "under tini"} <= set(starts)
    assert shown["older link"] == newest["plain/sh/SIGTERM@first"]
    assert shown["other python"] == "✗ no" != newest["plain/SIGINT@main"]
    assert shown["order"] == shown["drawn"]
    assert "SIGKILL to the child; child is killed by SIGKILL; parent runs C, B, A" in shown["order"]
    assert "PyPy 3.9: ✗ no" in shown["versions"]
    answer, fragment, more = shown["change"]
    assert answer == newest["flask-debug/SIGKILL@child"]
    assert "end=SIGKILL%40child" in fragment
    assert unquote(more).partition("#")[0].endswith("c/flask-debug/SIGKILL@child/index.html")
    assert 0 < shown["search"] < 10
    assert shown["compare"] > 3
    first = next(
        row for row in shown["places"] if row[0].startswith("SIGTERM to the first process")
    )
    assert first[1:] == [newest["gunicorn/SIGTERM@master"], newest["uvicorn/SIGTERM@main"]]
    assert {
        name: wide for name, wide in shown.items() if name.startswith("wide") and wide > 0
    } == {}
