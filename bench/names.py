"""Believable names in the thousands: those that are common first, then ones built of syllables."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tenfold.engine.words import spellings
from tenfold.kernel.text import fold

FIRST_NAMES, LAST_NAMES = 3_000, 5_000

_FIRST = """Maria James Mary John Olivia Liam Emma Noah Sofia José Wei Fatima Mohammed Ana Juan
Chloé Michael Linda David Patricia Robert Jennifer William Elizabeth Richard Susan Joseph Jessica
Thomas Sarah Carlos Karen Daniel Lisa Matthew Nancy Anthony Priya Mark Ashley Luis Emily Steven
Kimberly Andrew Michelle Kenji Amanda Joshua Yuki Kevin Zoë Brian Stephanie George Rebecca Timothy
Laura Ronald Sharon Jason Cynthia Edward Kathleen Jeffrey Amy Ryan Angela Jacob Shirley Gary Brenda
Nicholas Anne-Marie Eric Pamela Jonathan Nicole Stephen Katherine Larry Samantha Justin Christine
Scott Catherine Brandon Mei Benjamin Virginia Samuel Debra Gregory Rachel Alexander Janet Patrick
Aisha Frank Carolyn Raymond Heather Jack Diane Dennis Olga Jerry Julie Tyler Joyce Aaron Victoria
Łukasz Kelly Henry Christina Adam Lauren Douglas Joan Nathan Evelyn Jürgen Judith Zachary Andrea
Kyle Hannah Ethan Megan Jeremy Cheryl Ivan Jacqueline Björn Martha Sean Madison Austin Teresa Omar
Gloria Dylan Sara Bryan Janice Mary-Jane Joe Kathryn Lucía Jordan Abigail Billy
Bruce Grace"""

_LAST = """Smith Johnson Williams Brown García Jones Miller Davis Rodríguez Martínez Hernández
López González Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Pérez Thompson White Harris
Sánchez Clark Ramírez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores
Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gómez Phillips Evans Turner
Díaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutiérrez Ortiz
Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez
Wood James Bennett Gray Mendoza Ruiz Hughes Price Álvarez Castillo Sanders Patel Myers Long Ross
Foster Jiménez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes Fisher
Vásquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno
West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall
Owens Harrison Fernández McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb
O'Brien O'Connor Ivanova Kowalski Müller Schäfer Nakamura Yamamoto Okafor Adeyemi Khan Singh Kaur
Haddad Cohen Rossi Bianchi Silva Santos Costa Jansen Smith-Jones Larsson Nyström Østergård"""

_OPEN = "b br c ch d dr f g gr h j k kr l m n p pr r s sh st t tr v w y z"
_VOWEL = "a e i o u ai ea ia io"
_CLOSE = """bert dan den der la lan len lia lina man mir na nell ra ran ric rin sa son ta tin ton
vin"""
_SURNAME = """berg dale escu ez field ford ham ic ini kov land ley man ova sen ski son stein ton
well"""

MAJORS = """Accounting;Aerospace Engineering;Anthropology;Architecture;Art History;Biology;
Business Administration;Chemical Engineering;Chemistry;Civil Engineering;Communication;
Computer Science;Data Science;Economics;Education;Electrical Engineering;English;
Environmental Science;Film Studies;Finance;Geography;History;Human Resources;Industrial Design;
International Relations;Journalism;Law;Linguistics;Marketing;Mathematics;Mechanical Engineering;
Medicine;Music;Nursing;Philosophy;Physics;Political Science;Psychology;Public Health;Sociology;
Spanish;Statistics;Theatre;Urban Planning""".replace("\n", "").split(";")

DOMAINS = (
    "gmail.com",
    "outlook.com",
    "yahoo.com",
    "icloud.com",
    "mail.example.edu",
    "example.com",
    "example.org",
    "proton.example",
    "hotmail.example",
    "students.example.ac.uk",
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is stored: its sort key and the words that search finds it by."""

    text: str
    key: str
    words: list[str]

    @classmethod
    def of(cls, text: str) -> Name:
        """A name with what the engine makes of it."""
        return cls(text, fold(text), list(spellings(text)))


def first_names() -> list[Name]:
    """Distinct first names, the most common first."""
    return _names(_FIRST.split(), FIRST_NAMES, [_VOWEL, _CLOSE])


def last_names() -> list[Name]:
    """Distinct last names, the most common first."""
    return _names(_LAST.split(), LAST_NAMES, [_VOWEL, _OPEN, _VOWEL, _SURNAME])


def majors() -> list[Name]:
    """Subjects that students take."""
    return [Name.of(text) for text in MAJORS]


def domains() -> list[Name]:
    """Where e-mail goes; the words are those of an address's second half."""
    whole = [Name.of(text) for text in DOMAINS]
    return [Name(n.text, n.key, [*n.words, re.sub(r"\W", "", n.text)]) for n in whole]


def _names(common: Sequence[str], count: int, parts: Sequence[str]) -> list[Name]:
    """The common ones, then ones built of syllables, always the same for one count."""
    chosen = random.Random(20261121)
    found = dict.fromkeys(common)
    while len(found) < count:
        built = "".join(chosen.choice(part.split()) for part in (_OPEN, *parts))
        found[built.capitalize()] = None
    return [Name.of(text) for text in found]
