"""Passwords: which ones are taken, and how they are kept.

In: a password. Out: its Argon2id hash, or whether it fits one. A hash takes about 0.2 s and 64 MiB on purpose, so only
a few are worked out at a time, in threads of their own: nobody who logs in slows down anybody else.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from pwdlib import PasswordHash

from scoville.errors import UsageError

SHORTEST, LONGEST = 8, 256  # the upper end keeps a request from costing more than another; nothing is cut off
_AT_ONCE = 2
_hasher = PasswordHash.recommended()  # Argon2id, 64 MiB, 3 rounds
_pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")

# What people really choose, in the simplest spelling: without capitals, figures at the ends, or signs for letters.
_COMMON = frozenset(
    """
    password passwort passwd motdepasse contrasena contraseña senha parola haslo heslo wachtwoord salasana losenord
    qwerty qwertyuiop qwertz qwertzuiop azerty azertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc iloveyou
    letmein welcome willkommen bienvenue admin administrator superuser root sysadmin changeme changeit secret topsecret
    default guest login logon user username test tester testing testtest demo temp temporary abc abcd abcde abcdef
    abcdefg abcdefgh abcdefghi football baseball basketball soccer hockey monkey dragon master shadow sunshine princess
    superman batman spiderman starwars pokemon michael michelle jennifer jessica jordan charlie daniel thomas ashley
    nicole andrew matthew computer internet samsung google facebook linkedin twitter microsoft windows apple whatever
    trustno hello helloworld hellohello freedom mustang corvette ferrari mercedes porsche liverpool arsenal chelsea
    barcelona realmadrid juventus summer winter spring autumn sommer fruehling herbst monday friday january february
    december company business marketing sales scoville leadscoring leads hubspot salesforce blink killer hunter ranger
    buster soccer ginger pepper cookie chocolate cheese banana orange flower butterfly angel angels lovely loveme
    mylove forever family mother father brother sister pass word passpass passwordpassword onetwothree correcthorse
    correcthorsebatterystaple p w q a x
    """.split()  # noqa: SIM905 - easier to read and extend as text
)
_SIGNS = str.maketrans("@430157$!|€", "aaeoistsile")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)
_RUN_SHARE = 0.75  # of a password that only runs along the keyboard or the alphabet


def check_password(password: str, *, email: str = "") -> None:
    """Whether a new password may be used. Raises: UsageError that says what is asked of one."""
    if len(password) < SHORTEST:
        raise UsageError(f"a password has at least {SHORTEST} characters, better 15 or more: a few words, for example")
    if len(password) > LONGEST:
        raise UsageError(f"a password has at most {LONGEST} characters")
    simple = password.casefold()
    name = email.partition("@")[0].casefold()
    if simple == email.casefold() or (len(name) >= SHORTEST // 2 and simple.strip("0123456789!?.-_") == name):
        raise UsageError("the password is the e-mail address over again; take something that others cannot guess")
    if _is_common(simple):
        raise UsageError(
            "this password is among those that are tried first; take a few words that do not belong together"
        )


async def hash_password(password: str) -> str:
    """The Argon2id hash to keep."""
    return await asyncio.get_running_loop().run_in_executor(_pool, hash_now, password)


async def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one whose hash is kept. For nobody's (None) it takes the same time, and is false."""
    found = await asyncio.get_running_loop().run_in_executor(_pool, _verify, password, kept or _nobodys())
    return found and kept is not None


def hash_in_turn(password: str) -> str:
    """As `hash_password`, for a thread that may wait for its turn."""
    return _pool.submit(hash_now, password).result()


def hash_now(password: str) -> str:
    """As `hash_password`, for a caller that has nothing else to do meanwhile."""
    return _hasher.hash(password)


def _verify(password: str, kept: str) -> bool:
    return len(password) <= LONGEST and _hasher.verify(password, kept)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")


def _is_common(simple: str) -> bool:
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", simple)  # what people put at the ends adds nothing
    few_signs = len({*simple}) <= 3  # noqa: PLR2004 - aaaaaaaa, 12121212
    return few_signs or _runs(simple) or bool({bare, bare.translate(_SIGNS)} & {*_COMMON, ""})


def _runs(simple: str) -> bool:
    """Whether most of it runs along a row of keys, forwards or backwards: 12345678, hgfedcba."""
    pairs = [simple[place : place + 2] for place in range(len(simple) - 1)]
    along = sum(any(pair in row or pair[::-1] in row for row in _ROWS) for pair in pairs)
    return along >= _RUN_SHARE * len(pairs)
