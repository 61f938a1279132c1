"""A small world to look at: a form with groups, a repeat, a place, a photo and a list; submissions good and bad."""

from __future__ import annotations

import struct
import zlib

from tests import phone

FORM = """
| survey | | | | | | |
| | type | name | label::Tiếng Việt (vi) | label::English (en) | required | relevant |
| | start | start | | | | |
| | text | point_code | Mã điểm | Code of the point | yes | |
| | begin_group | g_visit | Buổi thăm | The visit | | |
| | date | visit_date | Ngày thăm | Visit date | yes | |
| | select_one mode | mode | Hình thức | Mode | yes | |
| | select_multiple topics | topics | Nội dung **đã trao đổi** | Topics discussed | | |
| | integer | minutes | Số phút | Minutes | | |
| | decimal | distance | Quãng đường (km) | Distance (km) | | |
| | time | begun | Bắt đầu lúc | Begun at | | |
| | geopoint | place | Vị trí điểm tư vấn | Place of the point | | |
| | image | room_photo | Ảnh phòng tư vấn (không có người) | Photo of the room (no people) | | |
| | audio | minutes_audio | Ghi âm biên bản | Recorded minutes | | |
| | end_group | | | | | |
| | begin_repeat | equipment | Trang thiết bị | Equipment | | |
| | text | thing | Tên thiết bị | Thing | yes | |
| | integer | count | Số lượng | How many | | |
| | end_repeat | | | | | |
| | text | note | Ghi chú | Note | | |
| | calculate | total | | | | |

| choices | | | | |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) |
| | mode | on_site | Tại điểm tư vấn | At the point |
| | mode | by_phone | Qua điện thoại | By phone |
| | topics | plan | Kế hoạch điều trị | Treatment plan |
| | topics | work | Việc làm, dạy nghề | Job and training |
| | topics | family | Tư vấn cho gia đình | Family counselling |

| settings | | | | |
| | form_title | form_id | version | default_language | instance_name |
| | Thăm điểm tư vấn | point_visit | 2026112301 | Tiếng Việt (vi) | concat('Điểm ', ${point_code}) |
""".replace("| | calculate | total | | | | |\n", "")

BARE = """
| survey | | | |
| | type | name | label |
| | text | name | Tên |
| | image | photo | Ảnh |
| | select_one_from_file places.csv | place | Nơi |
| settings | | |
| | form_title | form_id | version |
| | Phiếu nháp | draft_form | 1 |
"""

BROKEN = """
| survey | | | |
| | type | name | label |
| | text | name | Tên |
| | selct_one x | mode | Hình thức |
"""


def png(width: int = 240, height: int = 160) -> bytes:
    """A picture of nothing: soft stripes."""
    lines = b"".join(
        b"\0" + b"".join(bytes((90 + (x + y) % 60, 150 + y % 60, 140)) for x in range(width)) for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def wav() -> bytes:
    """A tenth of a second of silence."""
    data = bytes(1600)
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    return head + b"data" + struct.pack("<I", len(data)) + data


def answers(
    code: str = "VP-TD-01",
    *,
    mode: str = "on_site",
    minutes: str = "45",
    photo: str = "phong.png",
    audio: str = "bien-ban.wav",
    note: str = "Phòng sạch, có tủ khóa.\nCần thêm ghế.",
    more: str = "",
) -> str:
    """The inside of a submission of FORM."""
    return (
        f"<start>2026-11-23T08:00:00.000+07:00</start><point_code>{code}</point_code><g_visit>"
        f"<visit_date>2026-11-23</visit_date><mode>{mode}</mode><topics>plan family</topics>"
        f"<minutes>{minutes}</minutes><distance>12.5</distance>"
        f"<begun>08:30:00.000+07:00</begun><place>10.0341 105.7876 2.0 5.0</place>"
        f"<room_photo>{photo}</room_photo><minutes_audio>{audio}</minutes_audio></g_visit>"
        f"<equipment><thing>Bàn</thing><count>2</count></equipment>"
        f"<equipment><thing>Tủ có khóa</thing><count>1</count></equipment><note>{note}</note>{more}"
    )


def filled(inside: str, *, name: str = "Điểm VP-TD-01", **options: str) -> bytes:
    """The XML of a submission of FORM with its name."""
    xml = phone.submission("point_visit", inside, version="2026112301", **options)
    return xml.replace(b"</meta>", f"<instanceName>{name}</instanceName></meta>".encode())


FILES = (("phong.png", png(), "image/png"), ("bien-ban.wav", wav(), "audio/wav"))
