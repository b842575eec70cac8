"""What states, their people and their seats of power are called in news copy. A desk's own aliases add to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from countryinfo import all_countries

from bot.reading.lexicon import words

_ROWS = """
Russia: Russian, Russians | Moscow, the Kremlin, Kremlin, Smolenskaya Square, Russian Federation, RF
Ukraine: Ukrainian, Ukrainians | Kyiv, Kiev, Bankova, the Verkhovna Rada, Verkhovna Rada
United States: American, Americans, US, U.S. | Washington, the White House, White House, the State Department, State \
Department, the Pentagon, Pentagon, USA, America, Foggy Bottom, the United States
United Kingdom: British, Britons, UK, U.K. | London, Britain, Great Britain, Downing Street, Whitehall, UK
France: French | Paris, the Élysée, Élysée, Elysee, the Elysee Palace, Quai d'Orsay
Germany: German, Germans | Berlin
Poland: Polish, Poles | Warsaw
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
Israel: Israeli, Israelis | Jerusalem
Iran: Iranian, Iranians | Tehran
Japan: Japanese | Tokyo
South Korea: South Korean, South Koreans | Seoul
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


@cache
def called() -> Mapping[str, str]:
    """Return by every name, adjective, people and seat whom it means: the states and alliances above, then all countries."""
    table: dict[str, str] = {}
    for country in all_countries():
        names = (country.name(), country.demonym(), country.capital(), *(country.alt_spellings() or ()))
        table |= {name: country.name() for name in names if name and len(name) >= SMALLEST_NAME}
    for state, (people, seats) in STATES.items():
        table |= dict.fromkeys((state, *people, *seats), state)
    return MappingProxyType(table)


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
