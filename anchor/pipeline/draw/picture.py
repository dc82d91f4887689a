"""The finished frames of a plan, one after the other, each touched only where it changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anchor.core.artifact import digest_of, file_digest
from anchor.core.face import Avatar, IdleFrame
from anchor.core.files import storage_errors
from anchor.core.plan import Listener, Overlay, RenderPlan, Scene
from anchor.core.ports import Layer
from anchor.core.time import Span
from anchor.face.blinks import blink_patch
from anchor.face.brows import brow_patch, brow_step
from anchor.face.idle import idle_plates, plan_round
from anchor.face.paste import lay_patch, placement_screen
from anchor.face.plates import KEYING_VERSION, KeyedPlates, Keyer, build_keyed, read_plate
from anchor.face.reel import Reel
from anchor.media.planes import Blend, Planes, planes_from_ycbcr, ycbcr_from_rgb
from anchor.media.stills import load_picture
from anchor.packs import Shelf
from anchor.pipeline.assets import path_of, picture_fields
from anchor.pipeline.services import Context, Services

_BLEND_BYTES = 48_000_000
"""Drawn layers kept ready, at most; least recently used go first."""


def background_picture(path: Path, width: int, height: int) -> NDArray[np.float32]:
    """A studio's picture filling the programme's, cut evenly where it is of another shape: [h, w, 3] float32 Y'CbCr."""
    import cv2

    rgb = load_picture(path)[..., :3]
    if rgb.shape[:2] != (height, width):
        rgb = _cut(rgb, width / height)
        way = cv2.INTER_CUBIC if rgb.shape[0] < height else cv2.INTER_AREA
        rgb = np.asarray(cv2.resize(rgb, (width, height), interpolation=way), np.uint8)
    return ycbcr_from_rgb(np.ascontiguousarray(rgb))


def _cut(picture: NDArray[np.uint8], shape: float) -> NDArray[np.uint8]:
    """The middle of a picture, as wide for its height as asked."""
    height, width = picture.shape[:2]
    w, h = min(width, round(height * shape)), min(height, round(width / shape))
    x, y = (width - w) // 2, (height - h) // 2
    return picture[y : y + h, x : x + w]


class _Shown:
    """One overlay on screen."""

    def __init__(self, overlay: Overlay, layer: Layer) -> None:
        self.overlay, self.layer = overlay, layer
        self.content = (overlay.kind, overlay.fields)
        self.key: str | None = None

    def crosses(self, x: int, y: int, width: int, height: int) -> bool:
        layer = self.layer
        return layer.x < x + width and x < layer.x + layer.width and layer.y < y + height and y < layer.y + layer.height


class PictureMaker:
    """Draws the frames of one plan; use as a context manager.

    The frame buffer is kept from frame to frame. Each frame restores the boxes that change, lays the keyed presenter,
    eyes and mouth, and blends the layers that changed or cross the presenter.
    """

    def __init__(self, plan: RenderPlan, services: Services, context: Context) -> None:
        self.plan, self._services, self._context = plan, services, context
        self._stack = ExitStack()
        shown = sorted({p.avatar for s in plan.scenes for p in in_picture(s)})
        self._avatars: dict[str, Avatar] = {name: services.avatar(name, context.shelves) for name in shown}
        self._look = services.pack(Shelf.LOOKS, plan.look, context.shelves).path
        self._idle = _idle_tracks(plan, self._avatars)
        self._layers: dict[Overlay, Layer] = {}
        self._blends: OrderedDict[tuple[object, str], Blend] = OrderedDict()
        self._blend_bytes = 0
        self._keyed: dict[tuple[str, tuple[Listener, ...]], KeyedPlates] = {}
        self._bare: dict[str, Planes] = {}
        self._reels: dict[str, Reel] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def prepare(self, span: Span | None = None) -> None:
        """Load the graphics engine and key every plate that the plan, or a part of it, needs: no frame waits for them.

        What a dissolve at the beginning of the part mixes over from belongs to it.
        """
        self._services.graphics(self.plan.look_engine)
        span = span or Span(0, self.plan.frames)
        wanted: list[Scene] = []
        for scene, after in zip(self.plan.scenes, (*self.plan.scenes[1:], None), strict=True):
            mixed_over = after is not None and after.dissolve and after.span.overlaps(span)
            if scene.span.overlaps(span) or mixed_over:
                wanted.append(scene)
        self._key_plates((scene, who) for scene in wanted for who in in_picture(scene))

    def frames(self, span: Span | None = None) -> Iterator[Planes]:
        """Every frame of the programme, or of a part of it, in order; the buffer given is valid until the next.

        The picture of a frame does not depend on where the drawing began.
        """
        span = span or Span(0, self.plan.frames)
        rendition = self.plan.rendition
        canvas = Planes(rendition.width, rendition.height)
        mixed = Planes(rendition.width, rendition.height)
        shown: list[_Shown] = []
        starts = sorted((o for o in self.plan.overlays if o.span.end > span.start), key=lambda o: o.span.start)
        for scene in (s for s in self.plan.scenes if s.span.overlaps(span)):
            first = max(scene.span.start, span.start)
            before = self._mixed_over(scene, canvas, span) if first - scene.span.start < scene.dissolve else None
            fresh = True
            for frame in range(first, min(scene.span.end, span.end)):
                while starts and starts[0].span.start <= frame:
                    overlay = starts.pop(0)
                    shown.append(_Shown(overlay, self._layer(overlay)))
                shown.sort(key=lambda s: s.overlay.z)
                self._draw(canvas, scene, frame, shown, fresh)
                for gone in [s for s in shown if frame + 1 >= s.overlay.span.end and s.key is None]:
                    shown.remove(gone)
                    self._layers.pop(gone.overlay, None)
                fresh = False
                into = frame - scene.span.start
                if before is not None and into < scene.dissolve:
                    _mix(before, canvas, (into + 1) / (scene.dissolve + 1), mixed)
                    yield mixed
                else:
                    before = None
                    yield canvas

    def _mixed_over(self, scene: Scene, canvas: Planes, span: Span) -> Planes:
        """What `scene` mixes over from: the last picture of the scene before, just drawn or drawn for this."""
        drawn = span.start < scene.span.start or not scene.span.start
        last = canvas if drawn else self.frame(scene.span.start - 1)
        return Planes(canvas.width, canvas.height, last.buffer.copy())

    def frame(self, frame: int) -> Planes:
        """One finished frame, without drawing those before it (a dissolve shows its later scene)."""
        scene = next(s for s in self.plan.scenes if frame in s.span)
        canvas = Planes(self.plan.rendition.width, self.plan.rendition.height)
        shown = [_Shown(o, self._layer(o)) for o in self.plan.overlays if frame in o.span]
        shown.sort(key=lambda s: s.overlay.z)
        standing = in_picture(scene)
        if all(self._keyed_path(scene, who).is_file() for who in standing):
            self._draw(canvas, scene, frame, shown, fresh=True)
            return canvas
        for index, who in enumerate(standing):
            self._key_one(canvas, scene, who, frame, fresh=index == 0)
        for who in standing:
            self._lay_face(canvas, scene, who, frame)
        for item in shown:
            self._blend(canvas, item, item.layer.key(frame - item.overlay.span.start))
        return canvas

    def _draw(self, canvas: Planes, scene: Scene, frame: int, shown: list[_Shown], fresh: bool) -> None:
        keyed = self._keyed_plates(scene)
        base = keyed[0][1].base if keyed else self._bare_background(scene)
        if fresh:
            canvas.buffer[:] = base.buffer
        redraw: list[_Shown] = []
        for item in shown:
            key = item.layer.key(frame - item.overlay.span.start) if frame in item.overlay.span else None
            over_presenter = any(item.crosses(k.x, k.y, k.width, k.height) for _, k in keyed)
            if fresh or key != item.key or over_presenter:
                redraw.append(item)
            changed = key != item.key
            if changed or over_presenter:
                layer = item.layer
                canvas.copy_box(base, layer.x, layer.y, layer.width, layer.height)
            item.key = key
        _add_crossing(redraw, shown, canvas, base)
        for who, plates in keyed:
            canvas.put(plates.frame(self._idle_frame(who.avatar, frame).plate), plates.x, plates.y)
            self._lay_face(canvas, scene, who, frame)
        for item in shown:
            if item in redraw:
                self._blend(canvas, item, item.key)

    def _lay_face(self, canvas: Planes, scene: Scene, who: Listener, frame: int) -> None:
        """Eyes over the plate frame that shows; brows and mouth of who speaks."""
        avatar = self._avatars[who.avatar]
        screen = placement_screen(who.placement, avatar.width, avatar.height)
        idle = self._idle_frame(who.avatar, frame)
        pose = avatar.frames[idle.plate]
        if who.avatar == scene.avatar:
            brows = brow_patch(avatar, brow_step(frame, scene.accents, self.plan.rendition.timebase))
            if brows is not None:
                lay_patch(canvas, brows, pose.face, screen)
        if idle.blink is not None:
            lay_patch(canvas, blink_patch(avatar, idle.blink), pose.face, screen)
        into = frame - scene.clip_start
        if who.avatar != scene.avatar or scene.clip is None or not 0 <= into < scene.clip.frames:
            return
        patch = self._reel(scene).patch(into)
        if patch is not None:
            lay_patch(canvas, patch, pose.mouth, screen, pose.colour)

    def _idle_frame(self, avatar: str, frame: int) -> IdleFrame:
        start, track = next((s, t) for name, s, t in self._idle if name == avatar and s <= frame < s + len(t))
        return track[frame - start]

    def _reel(self, scene: Scene) -> Reel:
        assert scene.clip is not None
        path = self._services.store.path(scene.clip.reel)
        if scene.clip.reel.digest not in self._reels:
            self._reels[scene.clip.reel.digest] = self._stack.enter_context(Reel(path))
        return self._reels[scene.clip.reel.digest]

    def _layer(self, overlay: Overlay) -> Layer:
        if overlay not in self._layers:
            engine, store = self._services.graphics(self.plan.look_engine), self._services.store
            pictures = picture_fields(overlay.kind)
            fields = tuple((n, str(path_of(v, store)) if n in pictures and v else v) for n, v in overlay.fields)
            here = replace(overlay, fields=fields)
            self._layers[overlay] = engine.draw(self._look, here, self.plan.rendition)
        return self._layers[overlay]

    def _blend(self, canvas: Planes, item: _Shown, key: str | None) -> None:
        if key is None:
            return
        name = (item.content, key)
        blend = self._blends.get(name)
        if blend is None:
            blend = Blend(item.layer.picture(key))
            self._blends[name] = blend
            self._blend_bytes += blend.nbytes
            while self._blend_bytes > _BLEND_BYTES and len(self._blends) > 1:
                self._blend_bytes -= self._blends.popitem(last=False)[1].nbytes
        else:
            self._blends.move_to_end(name)
        blend.lay(canvas, item.layer.x, item.layer.y)

    def _keyed_key(self, scene: Scene, who: Listener) -> str:
        avatar = self._avatars[who.avatar]
        size = (self.plan.rendition.width, self.plan.rendition.height)
        background = file_digest(self._look / scene.background)
        beside = [(self._avatars[o.avatar].digest, o.placement) for o in in_picture(scene) if o != who]
        return digest_of(
            KEYING_VERSION,
            avatar.digest,
            background,
            who.placement,
            size,
            self._services.ffmpeg.version,
            *((sorted(beside, key=lambda o: o[0]),) if beside else ()),
        )

    def _keyed_path(self, scene: Scene, who: Listener) -> Path:
        return self._services.store.plates(self._keyed_key(scene, who))

    def _keyer(self, scene: Scene, who: Listener) -> Keyer:
        """Over the set with the shadows of everybody else on it: where no one stands all keyers show the same set."""
        rendition = self.plan.rendition
        background = background_picture(self._look / scene.background, rendition.width, rendition.height)
        for other in in_picture(scene):
            if other != who:
                avatar = self._avatars[other.avatar]
                alpha = next(read_plate(self._services.ffmpeg, avatar, 0, 1))[1]
                background = Keyer(avatar, background, other.placement).shadowed(alpha)
        return Keyer(self._avatars[who.avatar], background, who.placement)

    def _keyed_plates(self, scene: Scene) -> list[tuple[Listener, KeyedPlates]]:
        return [(who, self._plates_of(scene, who)) for who in in_picture(scene)]

    def _plates_of(self, scene: Scene, who: Listener) -> KeyedPlates:
        name = (scene.background, (who, *sorted((o for o in in_picture(scene) if o != who), key=lambda o: o.avatar)))
        if name not in self._keyed:
            path = self._keyed_path(scene, who)
            if not path.is_file():
                self._key_plates([(scene, who)])
            self._keyed[name] = self._stack.enter_context(KeyedPlates(path))
        return self._keyed[name]

    def _key_plates(self, wanted: Iterable[tuple[Scene, Listener]]) -> None:
        """Key what is not there yet, every placement of a presenter in one go."""
        missing: dict[str, dict[Path, tuple[Scene, Listener]]] = {}
        for scene, who in wanted:
            path = self._keyed_path(scene, who)
            if not path.is_file():
                missing.setdefault(who.avatar, {})[path] = scene, who

        def progress(done: int, total: int) -> None:
            self._context.check_cancelled()

        for name, places in missing.items():
            avatar = self._avatars[name]
            with self._services.store.workdir() as work:
                targets = [(self._keyer(*place), work / path.name) for path, place in places.items()]
                build_keyed(self._services.ffmpeg, avatar, targets, idle_plates(avatar), progress)
                for path, (_, made) in zip(places, targets, strict=True):
                    with storage_errors(path):
                        made.replace(path)

    def _key_one(self, canvas: Planes, scene: Scene, who: Listener, frame: int, fresh: bool) -> None:
        """Key the one plate frame that a preview needs; `fresh`: lay the set first."""
        avatar, keyer = self._avatars[who.avatar], self._keyer(scene, who)
        ffmpeg, shown = self._services.ffmpeg, self._idle_frame(who.avatar, frame).plate
        first, wanted = self._services.pool.map(lambda n: next(read_plate(ffmpeg, avatar, n, 1)), (0, shown))
        behind = keyer.shadowed(first[1])
        if fresh:
            canvas.buffer[:] = planes_from_ycbcr(behind).buffer
        plate, alpha = wanted
        canvas.put(keyer.key(plate, alpha, behind), keyer.x0, keyer.y0)

    def _bare_background(self, scene: Scene) -> Planes:
        if scene.background not in self._bare:
            rendition = self.plan.rendition
            picture = background_picture(self._look / scene.background, rendition.width, rendition.height)
            self._bare[scene.background] = planes_from_ycbcr(picture)
        return self._bare[scene.background]


def _add_crossing(redraw: list[_Shown], shown: list[_Shown], canvas: Planes, base: Planes) -> None:
    """Layers that cross a redrawn one are redrawn too, until nothing is added."""
    queue = list(redraw)
    while queue:
        layer = queue.pop().layer
        for item in shown:
            if item not in redraw and item.crosses(layer.x, layer.y, layer.width, layer.height):
                canvas.copy_box(base, item.layer.x, item.layer.y, item.layer.width, item.layer.height)
                redraw.append(item)
                queue.append(item)


def _mix(a: Planes, b: Planes, weight: float, into: Planes) -> None:
    import cv2

    cv2.addWeighted(a.buffer, 1 - weight, b.buffer, weight, 0, dst=into.buffer.reshape(-1, 1))


def in_picture(scene: Scene) -> tuple[Listener, ...]:
    """Everybody whom a scene shows: who speaks, then the others."""
    if scene.avatar is None or scene.placement is None:
        return ()
    return (Listener(scene.avatar, scene.placement), *scene.others)


def _idle_tracks(plan: RenderPlan, avatars: Mapping[str, Avatar]) -> list[tuple[str, int, tuple[IdleFrame, ...]]]:
    """Idle motion as (avatar, first frame, frames): a round for each segment, drawn from what is said in it alone."""
    runs: list[_Run] = []
    for scene in plan.scenes:
        said = scene.clip.reel.digest if scene.clip is not None else scene.segment or ""
        for name in (who.avatar for who in in_picture(scene)):
            found = next((r for r in runs if (r.avatar, r.end, r.said) == (name, scene.span.start, said)), None)
            if found is None:
                found = _Run(name, scene.span.start, scene.span.end, said)
                runs.append(found)
            found.end = scene.span.end
            found.accents += scene.accents if name == scene.avatar else ()
    return [(run.avatar, run.start, run.round(avatars[run.avatar])) for run in runs]


@dataclass
class _Run:
    """A presenter in picture while a segment lasts."""

    avatar: str
    start: int
    end: int
    said: str
    accents: tuple[int, ...] = ()

    def round(self, avatar: Avatar) -> tuple[IdleFrame, ...]:
        """The motion of these frames."""
        accents = [at - self.start for at in self.accents]
        return plan_round(avatar, self.end - self.start, digest_of(self.said, self.avatar), accents)
