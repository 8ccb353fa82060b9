"""Words that make an English text read like a translation. Texts for people and the docs must not contain them."""

import re

_TRANSLATED = (
    "all the same",
    "anew",
    "at this moment",
    "beside",
    "by itself",
    "by themselves",
    "everybody",
    "is told",
    "mend",
    "mended",
    "mends",
    "nobody",
    "other than in",
    "shall",
    "somebody",
    "taken for",
    "what became of",
    "what becomes of",
    "whoever",
)

TRANSLATED_WORDS = re.compile(rf"\b(?:{'|'.join(_TRANSLATED)})\b", re.IGNORECASE)
