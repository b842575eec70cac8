"""What states, their people and their seats of power are called in news copy. A desk's own aliases add to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from countryinfo import all_countries

from bot.core.naming import by_meaning
from bot.reading.lexicon import words

_ROWS = """
Russia: Russian, Russians | Moscow, the Kremlin, Kremlin, Smolenskaya Square, Russian Federation, RF, \
the State Duma, State Duma
Ukraine: Ukrainian, Ukrainians | Kyiv, Kiev, Bankova, the Verkhovna Rada, Verkhovna Rada
United States: American, Americans, US, U.S. | Washington, the White House, White House, the State Department, State \
Department, the Pentagon, Pentagon, USA, America, Foggy Bottom, the United States
United Kingdom: British, Britons, UK, U.K. | London, Britain, Great Britain, Downing Street, Whitehall, UK
France: French | Paris, the Élysée, Élysée, Elysee, the Elysee Palace, Quai d'Orsay
Germany: German, Germans | Berlin, the Bundestag, Bundestag, Bundeswehr
Poland: Polish, Poles | Warsaw, the Sejm, Sejm
China: Chinese | Beijing, the PRC, Zhongnanhai
India: Indian, Indians | New Delhi
Turkey: Turkish, Turks | Ankara, Türkiye, Turkiye
Italy: Italian, Italians | Rome, Palazzo Chigi
Spain: Spanish, Spaniards | Madrid
Hungary: Hungarian, Hungarians | Budapest
Finland: Finnish, Finns | Helsinki
Sweden: Swedish, Swedes | Stockholm
Norway: Norwegian, Norwegians | Oslo
Denmark: Danish, Danes | Copenhagen
Netherlands: Dutch | The Hague, the Netherlands
Belgium: Belgian, Belgians |
Estonia: Estonian, Estonians | Tallinn
Latvia: Latvian, Latvians | Riga
Lithuania: Lithuanian, Lithuanians | Vilnius
Romania: Romanian, Romanians | Bucharest
Bulgaria: Bulgarian, Bulgarians | Sofia
Slovakia: Slovak, Slovaks | Bratislava
Czech Republic: Czech, Czechs | Prague, Czechia
Austria: Austrian, Austrians | Vienna
Greece: Greek, Greeks | Athens
Serbia: Serbian, Serbs | Belgrade
Georgia: Georgian, Georgians | Tbilisi
Moldova: Moldovan, Moldovans | Chisinau
Belarus: Belarusian, Belarusians | Minsk
Kazakhstan: Kazakh, Kazakhs | Astana
Azerbaijan: Azerbaijani, Azerbaijanis, Azeri | Baku
Armenia: Armenian, Armenians | Yerevan
Israel: Israeli, Israelis | Jerusalem, the Knesset, Knesset
Iran: Iranian, Iranians | Tehran
Japan: Japanese | Tokyo
South Korea: South Korean, South Koreans | Seoul, the Blue House, Blue House
North Korea: North Korean, North Koreans | Pyongyang
Canada: Canadian, Canadians | Ottawa
Australia: Australian, Australians | Canberra
Brazil: Brazilian, Brazilians | Brasília, Brasilia
Saudi Arabia: Saudi, Saudis | Riyadh
NATO: | the alliance, the Alliance, North Atlantic Alliance, Nato
European Union: EU, E.U. | the European Commission, European Commission, the European Council, European Council, the \
Commission, the bloc, the European Union
European states: European, Europeans | Europe, European capitals, European countries, European nations, EU states, \
European leaders
"""

SHARED: Mapping[str, tuple[str, ...]] = MappingProxyType({"Brussels": ("NATO", "European Union")})
"""Seats of two holders: which one is meant, the article's other words decide."""


def _rows() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    table = {}
    for line in _ROWS.strip().splitlines():
        name, _, rest = line.partition(":")
        people, _, seats = rest.partition("|")
        table[name] = tuple(tuple(w.strip() for w in part.split(",") if w.strip()) for part in (people, seats))
    return table  # type: ignore[return-value]  # two parts, always


STATES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(_rows())
"""Name of a state or alliance -> (demonyms and adjectives, other names and metonyms)."""

SMALLEST_NAME = 4
"""Letters of a name that is taken from the table of all countries: shorter ones are codes, which are words in capitals, too."""


OFFICES: Mapping[str, str] = MappingProxyType(
    {
        "unification minister": "South Korea",
        "chancellor of the exchequer": "United Kingdom",
        "external affairs minister": "India",
        "foreign policy chief": "European Union",
        "high representative": "European Union",
        "taoiseach": "Ireland",
    }
)
"""Offices that one state or union alone has."""

OTHERWISE = frozenset({"Republic of China", "Malé"})
"""Names of countries that mean another as a part of its name, or a common word once their accents are gone."""
AMBIGUOUS = frozenset({"Republic of Korea"})
"""Names of countries that are also parts of another's."""


@cache
def called() -> Mapping[str, str]:
    """Return by every name, adjective, people and seat whom it means: the states and alliances above, then all countries."""
    table: dict[str, str] = {}
    for country in all_countries():
        names = (country.name(), country.demonym(), country.capital(), *(country.alt_spellings() or ()))
        table |= {
            name: country.name() for name in names if name and len(name) >= SMALLEST_NAME and name not in OTHERWISE
        }
    for state, (people, seats) in STATES.items():
        table |= dict.fromkeys((state, *people, *seats), state)
    return MappingProxyType(table)


@cache
def _all_names() -> Mapping[str, tuple[str, ...]]:
    """Return by each state or country every name that means it."""
    return MappingProxyType(by_meaning(called()))


def names_meaning(whom: str) -> tuple[str, ...]:
    """Return every name, adjective and seat of whom a name means ("Türkiye": Turkey, Turkish, Ankara, ...); () for others."""
    return _all_names().get(called().get(whom, ""), ())


@cache
def known(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the adjectives and people, and the other names and seats, of the state that `name` means; empty for others."""
    state = called().get(name, "")
    if not state or state == "European states" != name:
        return (), ()
    people, seats = STATES.get(state, ((), ()))
    if state not in STATES:
        people = tuple(country.demonym() or state for country in all_countries() if country.name() == state)
    others = (one for one in names_meaning(name) if one not in AMBIGUOUS)
    return people, tuple(dict.fromkeys((*seats, *(one for one in others if one not in people))))


MALE = words(
    """aaron adam alan albert alex alexander alexei alexey ali andrei andrew andriy anthony anton antonio arthur
    barack ben benjamin bernie bill bob bohdan boris brian bruce carl charles chris christopher chuck craig dan
    daniel dave david dean dennis dick dmitri dmitry dmytro don donald doug douglas ed edward emmanuel eric erik
    evan frank fred gary gavin gennady geoff george gerald giorgi gleb glenn gordon greg gregory harry henry howard
    ian igor ihor ivan jack jake james jared jason jd jeff jeffrey jens jeremy jerry jim jimmy joe joel john jon
    jonathan jose joseph josh juan justin karl keir keith ken kenneth kevin kirill konstantin larry lawrence leonid
    lev lindsey lloyd luis luke marco mark martin matt matthew maxim michael mike mikhail mitch mitt mohammed
    muhammad neil nicholas nick nicolas nigel nikolai nikolay olaf oleg oleh oleksandr oleksii patrick paul pavel
    pavlo pete peter petro phil philip rahm ralph rand randy ray recep richard rick rob robert rodrigo roger roman
    ron ronald rudy ruslan russell ryan sam samuel scott sean sergei sergey serhiy simon stanislav stepan stephen
    steve steven stuart taras ted terry thomas tim timothy todd tom tony tyler vadim valery vasily viktor vitaly
    vladimir volodymyr walter warren wayne will william xi yuri yury zac"""
)
FEMALE = words(
    """abigail alexandra alice alison amanda amy andrea angela angelina ann anna annalena anne ashley barbara beth
    betty carly carol caroline catherine charlotte chelsea christine cindy claire condoleezza cynthia dana debbie
    deborah diana diane dina donna dorothy ekaterina elena elizabeth ellen emily emma eva florence giorgia hannah
    heather helen hillary huma irina iryna ivanka jane janet jen jennifer jessica jill joan julia julie kaja kamala
    karen karine kate katherine kathleen kathy kelly kellyanne kim kristina laura lauren linda lisa liz loretta
    lori lucy maia margaret maria marie marine marta mary megan melania melissa michelle miriam monica nancy naomi
    natalia nicole nina oksana olena olesia olga pamela patricia rachel rebecca rita roberta rose ruth sally
    samantha sandra sanna sara sarah sharon stephanie susan svetlana tatiana teresa theresa tulsi ursula valentina
    victoria virginia vivian yulia yuliia"""
)
