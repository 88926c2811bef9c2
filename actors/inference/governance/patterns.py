"""What personal and medical data look like.

Every pattern takes time in proportion to the text: its repetitions are bounded, and it starts only where a run of its own signs begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

EMAIL: Final = "email"

# Found always. An e-mail address counts only beside something else, unless the settings say so.
CORE: Final[Mapping[str, re.Pattern[str]]] = {
    # Numbers that the authority never gives out (000, 666, 9xx; 00; 0000) are other numbers that look like one.
    "ssn": re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])", re.ASCII),
    "phone": re.compile(
        r"(?<![\w.+-])(?:"
        r"(?:\+?1[-. ]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])\d{3}[-. ]\d{4}"  # North America
        r"|\+\d{1,3}(?:[-. ]?\(?\d{1,4}\)?){2,5}"  # elsewhere, with its country code
        r")(?![\w-])",
        re.ASCII,
    ),
    EMAIL: re.compile(
        r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])", re.ASCII | re.IGNORECASE
    ),
}

# What the safe-harbour rule of HIPAA names beside: most of it is harmless alone, so it is looked for only where that is wanted.
EXTENDED: Final[Mapping[str, re.Pattern[str]]] = {
    "ip": re.compile(
        r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]\d)", re.ASCII
    ),
    "date_of_birth": re.compile(
        r"(?<![\w/-])(?:(?:0?[1-9]|1[0-2])[/-](?:0?[1-9]|[12]\d|3[01])[/-](?:19|20)\d\d"
        r"|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?![\w/-])",
        re.ASCII,
    ),
    "zip": re.compile(r"(?<![\w.-])\d{5}(?:-\d{4})?(?![\w.-])", re.ASCII),
    "mrn": re.compile(r"(?<!\w)mrn[ :#]{0,3}\d{5,12}(?!\w)", re.ASCII | re.IGNORECASE),
    "account_number": re.compile(
        r"(?<!\w)(?:account|acct)\.?(?: (?:number|no\.?))?[ :#]{0,3}\d{6,17}(?!\w)", re.ASCII | re.IGNORECASE
    ),
    "licence_number": re.compile(
        r"(?<!\w)licen[cs]e(?: (?:number|no\.?))?[ :#]{0,3}(?=[a-z-]{0,6}\d)[a-z0-9-]{5,15}(?!\w)",
        re.ASCII | re.IGNORECASE,
    ),
    "url": re.compile(r"(?<!\w)https?://[^\s<>\"']{1,2048}", re.IGNORECASE),
    # Without I, O and Q, and neither all letters nor all digits.
    "vin": re.compile(r"(?<!\w)(?=[A-Z]{0,16}\d)(?=\d{0,16}[A-Z])[A-HJ-NPR-Z0-9]{17}(?!\w)", re.ASCII),
    "npi": re.compile(r"(?<!\w)npi[ :#]{0,3}[12]\d{9}(?!\w)", re.ASCII | re.IGNORECASE),
}

# Words of medicine. Whole words, hyphenated or not: as parts of others they would be found everywhere.
_STRONG: Final = (
    "patients?",
    "diagnos[ei]s",
    "medications?",
    "prescriptions?",
    "dob",
    "date[- ]of[- ]birth",
    "mrn",
    "medical[- ]records?",
    "npi",
    "health[- ]plans?",
    "beneficiar(?:y|ies)",
    "insurance[- ]ids?",
    "group[- ]numbers?",
    "lab[- ]results?",
    "radiology",
    "pathology",
)
# Words that medicine shares with the rest of the world (a stored procedure, admission to a museum): one of them alone says nothing.
_WEAK: Final = ("clinical", "treatments?", "admissions?", "discharges?", "procedures?")

STRONG_WORDS: Final = re.compile(rf"(?<![\w-])(?:{'|'.join(_STRONG)})(?![\w-])", re.IGNORECASE)
WEAK_WORDS: Final = re.compile(rf"(?<![\w-])(?:{'|'.join(_WEAK)})(?![\w-])", re.IGNORECASE)
