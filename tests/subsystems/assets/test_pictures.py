"""REQ-ASSET-004: pictures made of pictures."""

from __future__ import annotations

from io import BytesIO
from unittest import mock

from PIL import Image
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository.errors import AssetNotFound
from aiwebengine.subsystems.assets import images
from aiwebengine.subsystems.assets.images import Images, ImagesBusy, ImagesUnusable
from aiwebengine.subsystems.assets.pictures import FORMATS, Wish, convert
from tests.subsystems.assets.support import AssetCase

MANY = 10_000_000


def picture(width=40, height=20, mode="RGB", colour="red", form="PNG", **options):
    """Give the bytes of a picture of one colour."""
    target = BytesIO()
    Image.new(mode, (width, height), colour).save(target, form, **options)
    return target.getvalue()


def opened(made):
    return Image.open(BytesIO(made.content))


class ConvertTests(SynchronousTestCase):
    """One picture of another."""

    def test_req_asset_004_sizes(self):
        """It fits into what was asked for or fills it, and is never made larger."""
        for wish, size in (
            (Wish(), (40, 20)),
            (Wish(width=20), (20, 10)),
            (Wish(height=5), (10, 5)),
            (Wish(width=20, height=5), (10, 5)),
            (Wish(width=5, height=20), (5, 2)),
            (Wish(width=80, height=80), (40, 20)),
            (Wish(width=10, height=10, fit="cover"), (10, 10)),
            (Wish(width=4, height=20, fit="cover"), (4, 20)),
            (Wish(width=80, height=80, fit="cover"), (20, 20)),
            (Wish(width=1), (1, 1)),
        ):
            made = convert(picture(), wish, MANY)
            self.assertEqual((made.width, made.height), size, wish)
            self.assertEqual(opened(made).size, size)

    def test_cut_in_the_middle(self):
        """What is cut off lies at the edges."""
        source = Image.new("RGB", (30, 10), "red")
        source.paste("blue", (10, 0, 20, 10))
        target = BytesIO()
        source.save(target, "PNG")
        made = opened(convert(target.getvalue(), Wish(width=10, height=10, fit="cover"), MANY))
        self.assertEqual(set(made.convert("RGB").getdata()), {(0, 0, 255)})

    def test_req_asset_004_formats(self):
        """Every format is read and written, from colours, greys, palettes and with transparent parts."""
        for source in FORMATS:
            pillow = FORMATS[source][0]
            for mode, colour in (("RGB", "red"), ("L", 7), ("P", 3), ("RGBA", (0, 0, 255, 0))):
                if mode == "RGBA" and source == "jpeg":
                    continue
                content = picture(
                    mode="RGB" if mode == "P" and source == "jpeg" else mode, colour=colour, form=pillow
                )
                for wanted, (name, media_type) in FORMATS.items():
                    made = convert(content, Wish(width=8, format=wanted), MANY)
                    self.assertEqual(
                        (made.content_type, opened(made).format), (media_type, name), (source, mode)
                    )
        self.assertEqual(convert(picture(form="WEBP"), Wish(), MANY).content_type, "image/webp")

    def test_transparent(self):
        """Transparent parts stay; for JPEG they become white."""
        content = picture(mode="RGBA", colour=(255, 0, 0, 0))
        self.assertEqual(opened(convert(content, Wish(format="webp"), MANY)).mode, "RGBA")
        jpeg = opened(convert(content, Wish(format="jpeg"), MANY))
        self.assertGreater(min(jpeg.getpixel((1, 1))), 250)

    def test_quality(self):
        """Less quality is less data."""
        noise = BytesIO()
        Image.effect_noise((64, 64), 90).save(noise, "PNG")
        for form in ("jpeg", "webp", "avif"):
            sizes = [
                len(convert(noise.getvalue(), Wish(format=form, quality=q), MANY).content) for q in (10, 90)
            ]
            self.assertLess(sizes[0], sizes[1], form)

    def test_upright_and_bare(self):
        """A picture taken sideways is turned; what the camera wrote beside it, such as the place, is gone."""
        exif = Image.Exif()
        exif[0x0112] = 6
        exif[0x010F] = "Maker"
        content = picture(form="JPEG", exif=exif.tobytes(), comment=b"secret")
        made = convert(content, Wish(width=10), MANY)
        self.assertEqual((made.width, made.height), (10, 20))
        found = opened(made)
        self.assertEqual(len(found.getexif()), 0)
        self.assertNotIn("comment", found.info)
        self.assertNotIn(b"Maker", made.content)

    def test_profile(self):
        """A colour profile stays, unless it is suspiciously large."""
        for size, kept in ((100, True), (100_000, False)):
            content = picture(icc_profile=b"p" * size)
            self.assertEqual("icc_profile" in opened(convert(content, Wish(), MANY)).info, kept)

    def test_req_asset_004_limits(self):
        """Too many pixels are refused by the head alone, what is no picture or broken in words."""
        error = self.assertRaises(ValueError, convert, picture(), Wish(), 799)
        self.assertIn("has 800 pixels, at most 799", str(error))
        self.assertEqual(convert(picture(), Wish(), 800).width, 40)
        huge = picture(1, 1)
        huge = huge[:16] + b"\x00\x01\x00\x00\x00\x01\x00\x00" + huge[24:]
        self.assertRaises(ValueError, convert, huge, Wish(), MANY)
        for content in (
            b"",
            b"GIF89a",
            b"<svg/>",
            b"%!PS-Adobe-3.0 EPSF-3.0\n",
            picture(form="BMP"),
            picture(form="TIFF"),
        ):
            error = self.assertRaises(ValueError, convert, content, Wish(), MANY)
            self.assertRegex(str(error), "no picture of a known format|damaged")
        for form, _ in FORMATS.values():
            whole = picture(64, 64, form=form)
            self.assertRaises(ValueError, convert, whole[: len(whole) // 2], Wish(width=3), MANY)


class ImagesTests(AssetCase):
    """Pictures of assets."""

    def setUp(self):
        super().setUp()
        self.calls = []
        self.images = Images(self.repository, lambda: self.configuration.section("assets"), self.blocking)

    def blocking(self, function, *arguments):
        self.calls.append(arguments)
        return maybeDeferred(function, *arguments)

    def test_remembered(self):
        """The same picture is made once; another wish, or another content, makes it anew."""
        self.put("a.png", picture())
        first = self.wait(self.images.make("a.png", width=10))
        self.assertEqual(self.wait(self.images.make("a.png", width=10)), first)
        self.wait(self.images.make("a.png", width=11))
        self.put("a.png", picture(colour="blue"))
        self.wait(self.images.make("a.png", width=10))
        self.assertEqual(len(self.calls), 3)

    def test_remembered_within_bounds(self):
        """Those made longest ago are forgotten."""
        self.put("a.png", picture(200, 200))
        for width in range(1, 131):
            self.wait(self.images.make("a.png", width=width))
        self.assertEqual(len(self.images._kept), 128)

    def test_at_once(self):
        """Two are made at a time; others wait."""
        waiting = []

        def blocking(function, *arguments):
            waiting.append(Deferred())
            return waiting[-1]

        self.put("a.png", picture())
        one = Images(self.repository, lambda: self.configuration.section("assets"), blocking)
        for width in (1, 2, 3):
            self.helper.begin(one.make("a.png", width=width))
        self.assertEqual(len(waiting), 2)
        waiting[0].callback(convert(picture(), Wish(), MANY))
        self.assertEqual(len(waiting), 3)

    def test_waited_for_once(self):
        """Those who wish for the same at the same time get the one that was made first; it stays known."""
        held = []

        def blocking(function, *arguments):
            held.append(Deferred().addCallback(lambda _: function(*arguments)))
            return held[-1]

        self.put("a.png", picture())
        one = Images(self.repository, lambda: self.configuration.section("assets"), blocking)
        made = [self.helper.begin(one.make("a.png", width=width)) for width in (1, 2, 1, 1)]
        for waiting in held:
            waiting.callback(None)
        self.assertEqual([self.successResultOf(each).width for each in made], [1, 2, 1, 1])
        self.assertEqual(len(held), 2)

    def test_used_of_late(self):
        """Of those remembered the ones used longest ago are forgotten."""
        self.put("a.png", picture(200, 200))
        for width in range(1, 129):
            self.wait(self.images.make("a.png", width=width))
        self.wait(self.images.make("a.png", width=1))
        self.wait(self.images.make("a.png", width=129))
        self.calls.clear()
        self.wait(self.images.make("a.png", width=1))
        self.assertEqual(self.calls, [])
        self.wait(self.images.make("a.png", width=2))
        self.assertEqual(len(self.calls), 1)

    def test_too_many_wait(self):
        """When many wait already more are refused, and later there is room again."""
        held = []

        def blocking(function, *arguments):
            held.append(Deferred().addCallback(lambda _: function(*arguments)))
            return held[-1]

        self.put("a.png", picture())
        one = Images(self.repository, lambda: self.configuration.section("assets"), blocking)
        for width in range(1, 53):
            self.helper.begin(one.make("a.png", width=width))
        error = self.helper.fails(one.make("a.png", width=53), ImagesBusy)
        self.assertEqual(error.script_name, "ServiceUnavailableError")
        self.assertIn("50 pictures", str(error))
        held.pop(0).callback(None)
        again = self.helper.begin(one.make("a.png", width=53))
        self.assertNoResult(again)
        while held:
            held.pop(0).callback(None)
        self.assertEqual(self.successResultOf(again).width, 40)

    def test_refused(self):
        """No asset, too large a result, too many pixels."""
        self.helper.fails(self.images.make("no.png"), AssetNotFound)
        self.put("a.png", picture())
        self.patch(images, "MOST_BYTES", 10)
        self.assertIn("at most 10", str(self.helper.fails(self.images.make("a.png"), ValueError)))
        self.configuration.change("assets", max_image_pixels=799)
        self.assertIn("799", str(self.helper.fails(self.images.make("a.png"), ValueError)))

    def test_without_pillow(self):
        """Where Pillow is not installed it is said what is missing."""
        with mock.patch("importlib.util.find_spec", return_value=None):
            error = self.helper.fails(self.images.make("a.png"), ImagesUnusable)
        self.assertIn("aiwebengine[images]", str(error))
        self.assertEqual(error.script_name, "Error")
