"""Captions planned from the script's own words and the times at which they are said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from anchor.core.speech import Caption, PhonemeTimeline, Utterance, Word
from anchor.core.time import VIDEO, Span, Timebase
from anchor.graphics.linebreak import NEVER, break_costs, break_lines, width_em
from anchor.mandarin.markup import find_markup
from anchor.mandarin.nonbreaking import whole_starts
from anchor.mandarin.source import STRESS

LEAST_SECONDS = Fraction(5, 6)
"""A caption stays at least this long where its neighbours allow (Netflix timed text, general requirements)."""
LINGER_FRAMES = 12
"""How far a caption may outlast its speech (same source)."""
CAPTION_CHARS = 16
"""Full-width characters in a line (Netflix, Traditional Chinese)."""
GAP_FRAMES = 2
"""Least gap between captions that do not touch (same source)."""

_MARK = re.compile(r"[{｛][^{}｛｝\n]*[}｝]|\*\*")
"""Readings and stress marks: in the written text, never on the screen."""
_TAIL = " 　、，。；：,;·—－"
_PAUSES = re.compile(r"[，。；][」』）》〉”’]*(?=[^」』）》〉”’])")
_LONG_SILENCE = Fraction(45, 100)
"""Seconds; a caption that spans such a pause gives the next words away."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the written text shown as one caption."""

    start: int
    end: int
    onset: int | None
    """First sample of its first syllable; None when nothing of it is said."""
    release: int
    """Sample after its last syllable."""


def plan_captions(
    utterance: Utterance,
    timeline: PhonemeTimeline,
    max_chars: int = CAPTION_CHARS,
    *,
    max_lines: int = 1,
    protect: Sequence[str] = (),
) -> tuple[Caption, ...]:
    """Captions of one segment, in order, covering all of the written text.

    Args:
        max_chars: full-width characters in a line; half-width ones count half.
        max_lines: lines shown together.
        protect: names that no caption divides.

    Returns:
        Spans are samples of the timeline. Each begins with the first sound of its first syllable.
    """
    planner = _Planner(utterance, timeline, float(max_chars), max_lines, protect)
    return tuple(_timed(planner.pieces(), planner, timeline))


def shown_text(written: str) -> str:
    """Written text as a caption shows it: no override marks, a full-width space for a comma or full stop."""
    text = _PAUSES.sub(lambda found: found.group().lstrip("，。；") + "　", _MARK.sub("", written))
    text = re.sub(r"[，。；]+(?=[」』）》〉”’])", "", text)
    text = re.sub(r"[ 　]*　[ 　]*", "　", re.sub(r"\s*\n\s*", "　", text))
    return text.strip(" 　").rstrip(_TAIL).lstrip("、，。；：,;　 ")


def _furniture(utterance: Utterance) -> list[Span]:
    """A wire story's dateline and credits, and markup: neither read nor shown."""
    marks = [markup.span for markup in find_markup(utterance.written)]
    places = [notice.place for notice in utterance.notices if notice.code == "furniture" and notice.place]
    return [*marks, *(place.span for place in places if place.span is not None)]


def _instead(utterance: Utterance) -> dict[int, str]:
    """What shows where written characters do not: nothing, or the character of an entity such as &amp;."""
    out = {at: "" for cut in _furniture(utterance) for at in range(cut.start, cut.end)}
    entities = [m for m in find_markup(utterance.written) if len(m.text) == 1 and m.text.isprintable()]
    return out | {markup.span.start: markup.text for markup in entities}


class _Planner:
    """Cuts the text by least cost: dynamic programming over the places where it may break."""

    def __init__(
        self, utterance: Utterance, timeline: PhonemeTimeline, width: float, lines: int, protect: Sequence[str]
    ) -> None:
        self.text = utterance.written
        self.width, self.lines = width, lines
        self.rate = timeline.rate
        self.onsets, self.releases = _times(utterance, timeline)
        self.protect = protect
        self.words = frozenset(i.span.start for i in utterance.items if isinstance(i, Word)) & {
            *whole_starts(self.text)
        }
        """Characters of the text at which a word begins."""
        self.costs = break_costs(self.text, self.words, protect)
        self.instead = _instead(utterance)
        """Character of the text → what shows in its place."""
        self.braces = {at for mark in _MARK.finditer(self.text) for at in range(*mark.span())}
        """Readings in braces and stress marks."""
        shows = (self.instead.get(at, char) for at, char in enumerate(self.text))
        widths = (0.0 if at in self.braces else width_em(what) for at, what in enumerate(shows))
        self.raw = list(accumulate(widths, initial=0.0))
        for syllable in utterance.syllables:
            for at in range(syllable.span.start + 1, syllable.span.end):
                self.costs[at] = NEVER
        opening = {found.start() for found in STRESS.finditer(self.text)}
        for cut in _furniture(utterance):
            self.costs[cut.start + 1 : cut.end] = [NEVER] * (len(cut) - 1)
        for mark in _MARK.finditer(self.text):
            # The mark belongs to the character before it, an opening one to the character behind it.
            shift = int(mark.start() in opening)
            self.costs[mark.start() + shift : mark.end() + shift] = [NEVER] * (mark.end() - mark.start())

    def pieces(self) -> tuple[_Piece, ...]:
        """The best division."""
        length = len(self.text)
        best: list[tuple[float, int]] = [(0.0, 0)] + [(NEVER, 0)] * length
        for end in range(1, length + 1):
            if self.costs[end] == NEVER:
                continue
            for start in range(end - 1, -1, -1):
                before = best[start][0]
                if self._too_wide(start, end):
                    break
                cost = before + self._cost(start, end) if before < NEVER else NEVER
                if cost < best[end][0]:
                    best[end] = cost, start
            if best[end][0] == NEVER:
                # Nothing that may be cut fits (a very long Latin word): cut it where the line is full.
                best[end] = self._forced(best, end)
        cuts = [length]
        while cuts[-1] > 0:
            cuts.append(best[cuts[-1]][1])
        cuts.reverse()
        return tuple(self._piece(a, b) for a, b in pairwise(cuts))

    def shown(self, start: int, end: int) -> str:
        """What a caption of this stretch says."""
        return shown_text("".join(self.instead.get(at, self.text[at]) for at in range(start, end)))

    def laid(self, start: int, end: int) -> tuple[str, ...]:
        """The same in lines."""
        shown = self.shown(start, end)
        if width_em(shown) <= self.width:
            return (shown,)
        costs = break_costs(shown, self._words_shown(start, end, shown), self.protect)
        return break_lines(shown, costs, self.width, self.lines, width_em) or (shown,)

    def _words_shown(self, start: int, end: int, shown: str) -> list[int]:
        """Offsets in what a caption says at which words begin: what shows of the text keeps its order."""
        left = ((at, self.instead.get(at, self.text[at])) for at in range(start, end) if at not in self.braces)
        kept = [(at, char) for at, char in left if char]
        begins, passed = list[int](), 0
        for offset, shows in enumerate(shown):
            found = next((n for n in range(passed, len(kept)) if kept[n][1] == shows), None)
            if found is not None:  # a space that stands for a mark is nowhere in the text
                passed = found + 1
                begins += [offset] if kept[found][0] in self.words else []
        return begins

    def _too_wide(self, start: int, end: int) -> bool:
        room = self.width * self.lines - (0.0 if self.lines == 1 else 1.0)
        if end - start == 1 or self.raw[end] - self.raw[start] <= room:
            return False
        return width_em(self.shown(start, end)) > room

    def _forced(self, best: list[tuple[float, int]], end: int) -> tuple[float, int]:
        """Cut a stretch that nothing allowed fits: full lines back to the first place that was reached."""
        ends = [end]
        while True:
            start = ends[-1] - 1
            while start > 0 and not self._too_wide(start - 1, ends[-1]):
                start -= 1
            ends.append(start)
            if best[start][0] < NEVER:
                break
        for start, stop in pairwise(reversed(ends)):
            best[stop] = best[start][0] + 1000.0, start
        return best[end]

    def _cost(self, start: int, end: int) -> float:
        """How bad one caption is."""
        piece = self._piece(start, end)
        shown = self.shown(start, end)
        if piece.onset is None:
            return 60.0
        if not shown:
            return NEVER
        inner = [self.costs[at] for at in range(start + 1, end)]
        sentences = sum(1 for at, cost in enumerate(inner, start + 1) if cost == 0.0 and self.text[at - 1] not in " 　")
        clauses = sum(1 for cost in inner if cost == 0.2)
        seconds = Fraction(piece.release - piece.onset, self.rate) + Fraction(LINGER_FRAMES) / VIDEO.rate
        short = max(0.0, float(LEAST_SECONDS - seconds)) * 40.0
        stub = max(0.0, 5.0 - width_em(shown)) * 0.8
        full = 1.6 * (width_em(shown) / self.width) ** 2  # convex: a long clause is halved rather than clipped
        breaks = 6.0 * sentences + 2.2 * clauses + 8.0 * self._silences(piece)
        torn = 30.0 if width_em(shown) > self.width and self._tears(start, end) else 0.0
        return 2.0 + 2.0 * self.costs[end] + breaks + short + stub + full + torn

    def _tears(self, start: int, end: int) -> bool:
        """Whether the lines of a caption cannot be told apart without breaking a word."""
        for _ in range(self.lines):
            fits = (at for at in range(end, start, -1) if self._inked(start, at) <= self.width)
            start = next((at for at in fits if at == end or self._is_seam(at)), start)
        return start < end

    def _inked(self, start: int, end: int) -> float:
        """Width of a line in full-width characters, without the marks that a line does not end in."""
        return self.raw[start + len(self.text[start:end].rstrip(_TAIL))] - self.raw[start]

    def _is_seam(self, at: int) -> bool:
        within = self.text[at - 1].isalnum() and self.text[at].isalnum()
        return self.costs[at] < NEVER and (at in self.words or not within)

    def _silences(self, piece: _Piece) -> int:
        """Long pauses inside a caption."""
        said = [at for at in range(piece.start, piece.end) if at in self.onsets]
        pauses = (self.onsets[b] - self.releases[a] for a, b in pairwise(said))
        return sum(1 for pause in pauses if Fraction(pause, self.rate) > _LONG_SILENCE)

    def _piece(self, start: int, end: int) -> _Piece:
        said = [at for at in range(start, end) if at in self.onsets]
        onset = min((self.onsets[at] for at in said), default=None)
        return _Piece(start, end, onset, max((self.releases[at] for at in said), default=0))


def _times(utterance: Utterance, timeline: PhonemeTimeline) -> tuple[dict[int, int], dict[int, int]]:
    """Character at which syllables begin → first sample, and → sample after the last of them."""
    onsets: dict[int, int] = {}
    releases: dict[int, int] = {}
    syllables = utterance.syllables
    for phoneme in timeline.phonemes:
        if phoneme.syllable is None:
            continue
        at = syllables[phoneme.syllable].span.start
        onsets[at] = min(onsets.get(at, phoneme.span.start), phoneme.span.start)
        releases[at] = max(releases.get(at, 0), phoneme.span.end)
    return onsets, releases


def _timed(pieces: Sequence[_Piece], planner: _Planner, timeline: PhonemeTimeline) -> Iterator[Caption]:
    """Pieces with their spans: in on the first sound, out on the next caption or soon after the last sound."""
    audio = Timebase(Fraction(timeline.rate))
    linger, gap = audio.ticks_at(LINGER_FRAMES, VIDEO), audio.ticks_at(GAP_FRAMES, VIDEO)
    groups = tuple(_groups([piece for piece in pieces if planner.shown(piece.start, piece.end)]))
    begins = [_begin(group) for group in groups]
    for group, start, following in zip(groups, begins, (*begins[1:], None), strict=True):
        end = max(piece.release for piece in group) or timeline.samples
        out = min(end + linger, timeline.samples)
        if following is not None:
            # Near captions touch; others keep a gap that can be seen.
            out = following if following - end <= linger else min(out, following - gap)
        at, passed = start, 0.0
        widths = [width_em(planner.shown(piece.start, piece.end)) for piece in group]
        for piece, width in zip(group, widths, strict=True):
            passed += width
            until = start + round((out - start) * passed / sum(widths))
            yield Caption(planner.laid(piece.start, piece.end), Span(at, until))
            at = until


def _groups(pieces: Sequence[_Piece]) -> Iterator[tuple[_Piece, ...]]:
    """Each piece that is said with the silent ones behind it, which share its time (at the very start: before it)."""
    said = [n for n, piece in enumerate(pieces) if piece.onset is not None]
    edges = [0, *said[1:], len(pieces)]
    return (tuple(pieces[a:b]) for a, b in pairwise(edges) if b > a)


def _begin(group: Sequence[_Piece]) -> int:
    return next((piece.onset for piece in group if piece.onset is not None), 0)
