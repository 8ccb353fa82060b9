"""Format numbers, sizes and times for people."""

from datetime import datetime

from PySide6.QtCore import QCoreApplication

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
THIN = "\u2009"
NOTHING = "–"


def number(number: int) -> str:
    """`2999` as `2 999`, with thin spaces."""
    return f"{number:,}".replace(",", THIN)


def decimal(text: str) -> str:
    """`12.3` with the decimal mark of the window's language: `12,3` in German."""
    return text.replace(".", QCoreApplication.translate("formatting", "."))


def size(count: float | None) -> str:
    """Bytes in a suitable unit: `12.3 MiB`."""
    if count is None:
        return NOTHING
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    number = f"{count:.0f}" if unit == 0 or count >= 100 else decimal(f"{count:.3g}")
    return f"{number} {_UNITS[unit]}"


def clock(seconds: float | None) -> str:
    """Remaining time for a table: `18:12`, `1:12:31`."""
    if seconds is None or seconds < 0:
        return NOTHING
    total = round(seconds)
    hours, minutes = total // 3600, total // 60 % 60
    return f"{hours}:{minutes:02}:{total % 60:02}" if hours else f"{minutes}:{total % 60:02}"


def duration(seconds: float | None) -> str:
    """With units: `4 h 12 min`, `19 min 02 s`, `8 s`."""
    if seconds is None or seconds < 0:
        return NOTHING
    total = round(seconds)
    days, hours, minutes = total // 86_400, total // 3600 % 24, total // 60 % 60
    translate = QCoreApplication.translate
    if days:
        return translate("formatting", "{0} d {1} h").format(days, hours)
    if hours:
        return translate("formatting", "{0} h {1} min").format(hours, f"{minutes:02}")
    if minutes:
        return translate("formatting", "{0} min {1} s").format(minutes, f"{total % 60:02}")
    return translate("formatting", "{0} s").format(total)


def estimate(seconds: float) -> str:
    """A duration without seconds after the first minute: `4 h 12 min`, `19 min`, `8 s`."""
    minutes = round(seconds / 60)
    if seconds < 60 or minutes >= 60:
        return duration(seconds if seconds < 60 else 60 * minutes)
    return QCoreApplication.translate("formatting", "{0} min").format(minutes)


def percent(value: float) -> str:
    """Whole percent, and 100 only when complete."""
    return f"{min(99, int(value)) if value < 100 else 100}{THIN}%"


def timestamp(milliseconds: int | None) -> str:
    """Date and time; only the time if it was today."""
    if milliseconds is None:
        return NOTHING
    when = datetime.fromtimestamp(milliseconds / 1000)
    now = datetime.now()
    if when.date() == now.date():
        return f"{when:%H:%M:%S}"
    translate = QCoreApplication.translate
    if when.year == now.year:
        return when.strftime(translate("formatting", "%d %b %H:%M"))
    return when.strftime(translate("formatting", "%d %b %Y"))
