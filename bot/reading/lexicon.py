"""The words that cite: verbs, nouns and adjectives, by what they take as content."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of `text`, which white space parts."""
    return frozenset(text.split())


SAYING = words(
    """say tell add note warn claim argue announce declare state assert insist stress emphasize emphasise underline
    underscore explain write reply respond answer continue conclude acknowledge admit concede confirm deny report
    reveal disclose suggest indicate signal hint imply point maintain contend allege recall remark observe comment
    tweet post shout yell joke quip boast brag predict forecast promise pledge vow swear repeat reiterate reaffirm
    restate affirm testify complain lament caution advise recommend propose ask wonder question inquire demand urge
    estimate calculate mention cite quote quip declare proclaim profess opine posit retort counter rejoin exclaim
    interject chime chant cry mutter whisper scream growl read clarify specify elaborate detail describe speculate
    theorize assure inform notify remind convince persuade vent muse reason hail agree disagree dispute rule decide
    find determine concur intone deadpan retweet text email message marvel plead pray confess sum summarize voice
    stipulate decree threaten protest object conjecture guarantee explain express blog caption document"""
)
THINKING = words(
    """believe think feel know understand hope fear worry expect suspect doubt assume consider see hear learn realize
    realise recognize recognise imagine anticipate hold regard view presume suppose guess reckon figure dream wish
    want prefer intend plan aim mean remember forget notice sense judge deem fancy envision foresee conceive care
    bet trust appreciate regret resent decide conclude discover mind prove"""
)
SHOWING = words("show seem appear find demonstrate illustrate prove suggest indicate document feature record list mean")
INTENDING = words(
    """want plan promise pledge vow refuse agree offer intend hope expect decline threaten seek demand propose wish
    decide prefer aim need swear ask vote hesitate volunteer like love hate attempt undertake commit choose opt
    claim profess mean ready prepare order push fight campaign press resolve long"""
)
ADDRESSING = words(
    """urge ask tell order encourage press advise call invite warn implore exhort beg instruct persuade pressure
    lobby challenge remind direct command plead want expect like request push allow require permit"""
)
STANCE = words(
    """criticize criticise attack blast slam condemn denounce deride mock ridicule praise laud hail applaud commend
    thank support oppose back endorse reject rebuff dismiss defend discuss address mention cite describe
    characterize characterise portray label brand call dub liken compare demand want propose offer question blame
    accuse urge encourage announce deny dispute contradict refute outline unveil detail deliver express voice
    repeat echo reiterate highlight emphasize stress tout promote champion advocate embrace back denigrate decry
    bemoan lament protest challenge plan promise pledge suggest recommend reveal disclose explain acknowledge admit
    recognize rule order approve block veto ban seek need expect fear predict forecast envision anticipate consider
    weigh debate reference quote recount recall document publish release issue tweet retweet raise invoke ignore
    downplay despise admire love hate like respect regret deplore disavow renounce repudiate disown lambaste
    excoriate chastise scold rebuke berate rip pan assail slap chide fault insult taunt grill nominate appoint pick
    choose honor vow welcome favor favour doubt claim trumpet declare proclaim concede threaten discuss cover
    confront trash bash hammer pitch lay set spell convey relay report note show find see view regard treat
    consider deem judge ask request warn preview extol celebrate mourn petition appeal impose lift repeal legalize
    allege stipulate specify guarantee authorize permit allow prohibit lobby rail campaign argue agree press
    abandon contemplate resist"""
)
STANCE_PREPOSITIONS: dict[str, frozenset[str]] = {
    verb: frozenset(prepositions.split())
    for verb, prepositions in {
        "call": "for on",
        "speak": "of about on out against for to",
        "talk": "about of",
        "point": "to out",
        "complain": "about of",
        "argue": "for against about over",
        "agree": "with on to",
        "disagree": "with on over",
        "object": "to",
        "refer": "to",
        "allude": "to",
        "comment": "on about",
        "respond": "to",
        "react": "to",
        "campaign": "for against",
        "vote": "for against on",
        "warn": "of about against",
        "appeal": "for to",
        "push": "for",
        "press": "for",
        "plead": "for with",
        "ask": "for about",
        "lash": "out at",
        "rail": "against",
        "hit": "back at",
        "fire": "back",
        "apologize": "for",
        "apologise": "for",
        "hint": "at",
        "decide": "on against",
        "insist": "on",
        "touch": "on",
        "elaborate": "on",
        "look": "at for to",
        "worry": "about",
        "care": "about",
        "think": "about of",
        "know": "about of",
        "hear": "about of",
        "learn": "about of",
        "boast": "about of",
        "brag": "about",
        "joke": "about",
        "express": "about",
        "aim": "at for",
        "hope": "for",
        "wait": "for",
        "lobby": "for against",
        "rule": "on against out",
        "accuse": "of",
        "charge": "with",
        "compare": "to",
        "approve": "of",
        "disapprove": "of",
        "dream": "of",
        "focus": "on",
        "expand": "on",
        "double": "down on",
        "preach": "about",
        "lie": "about",
        "wonder": "about",
        "testify": "about on",
        "weigh": "in on",
        "tell": "of about",
        "protest": "against over",
        "side": "with",
        "sympathize": "with",
        "concur": "with",
        "believe": "in",
        "opt": "for",
        "strive": "for",
        "vouch": "for",
        "argue ": "",
        "write": "about of on",
        "tweet": "about",
        "report": "on",
        "debate": "about over",
        "bristle": "at",
        "swipe": "at",
        "commit": "to",
    }.items()
}
NO_CUE = words(
    """be have do make help let ensure happen get become cause come take give keep start stop force lead work turn use
    put run play leave bring enable prevent grow remain stay fail manage tend continue cease bother deserve afford
    wait struggle matter happen depend last sit stand win lose pay buy sell grow spend save meet cost drive move
    live die"""
)
CUE_NOUNS = words(
    """claim statement assertion argument belief view opinion promise pledge vow plan proposal demand call suggestion
    accusation allegation charge complaint criticism concern fear worry hope expectation warning prediction
    forecast report announcement declaration denial admission acknowledgment acknowledgement conclusion finding
    decision determination refusal offer commitment threat assessment idea notion theory insistence contention
    assurance testimony message comment remark statement position stance desire wish intention intent effort
    recommendation request appeal confidence doubt opposition support speculation rumor rumour estimate agreement
    opinion ruling sense conviction recognition disagreement explanation reluctance eagerness willingness readiness"""
)
CUE_ADJECTIVES = words(
    """sure confident certain afraid worried concerned hopeful optimistic pessimistic convinced aware unaware
    skeptical sceptical angry upset happy glad proud sorry adamant clear doubtful fearful frustrated disappointed
    pleased eager willing unwilling ready reluctant determined keen critical supportive bearish bullish dismissive
    opposed wary"""
)
PERSONAL = words("i me my mine myself we us our ours ourselves")
HE = words("he him his himself")
SHE = words("she her hers herself")
THEY = words("they them their theirs themselves")
IT = words("it its itself")
RELATIVE = words("who whom which that whose")
PRONOUNS = PERSONAL | HE | SHE | THEY | IT | frozenset({"you", "one"})

PURE = words(
    """say reiterate reaffirm repeat assure report tell state declare announce add reply respond write insist warn deny
    confirm stress emphasize note explain
    claim argue"""
)
"""Verbs with which even a state or a body is cited as a speaker; with others it is the reporter who says what it does."""
WEAK_SUBJECTS = words(
    """some many most others nobody none everyone anyone someone people both each all one it this that these those
    there which what"""
)
"""Sources that name nobody."""
PEOPLE = words(
    """analysts analyst experts expert officials official diplomats diplomat sources source aides aide advisers
    adviser advisors advisor critics critic supporters supporter lawmakers lawmaker lawyers lawyer prosecutors
    police investigators witnesses witness residents voters activists economists economist scientists researchers
    historians negotiators envoys envoy ambassadors journalists reporters commentators observers opponents allies
    spokesman spokeswoman spokesperson minister president secretary chancellor general mayor governor senator
    leader leaders republicans democrats protesters officers officer doctors teachers students friends family
    mother father wife husband son daughter brother sister man woman men women author writer scholar scholars
    professor pollsters pollster strategist strategists operative operatives executive executives ministers
    presidents editor columnist commander soldiers veterans candidate candidates nominee judge justices justice
    chairman delegate delegates attorney victim victims neighbor neighbors person figures insiders watchers members
    member colleagues boss chief director manager owner resident citizen citizens"""
)
ORGANISATIONS = words(
    """ministry department committee office court council party campaign government administration agency bureau
    commission house congress senate parliament duma rada union university institute center centre foundation
    association corporation company group team army force forces police times post journal news press daily
    magazine network tv channel radio service board bank fund league club church college school academy
    organization organisation society federation alliance bloc coalition embassy consulate treasury pentagon
    kremlin cabinet authority authorities community countries nations states capitals governments sides parties
    regime movement industry states' kingdom republic act treaty day east west north south hemisphere sea ocean
    river street avenue"""
)
LIGHT: dict[str, frozenset[str]] = {
    verb: words(nouns)
    for verb, nouns in {
        "throw": "water weight support",
        "take": "aim issue exception stance position line swipe shot",
        "cast": "doubt doubts",
        "raise": "question questions concern concerns objection objections doubts alarm",
        "leave": "space room door doors",
        "draw": "line lines",
        "make": "case claim claims clear promise promises statement demand demands point offer remarks comments pledge plea vow",
        "issue": "statement warning warnings call threat ultimatum",
        "pour": "scorn water",
        "pay": "tribute",
        "give": "assurance assurances guarantee speech",
        "set": "conditions condition",
        "lay": "blame claim",
        "place": "blame",
        "put": "blame",
        "have": "doubts hopes hope concerns proposals plans plan",
        "reach": "conclusion",
        "deliver": "message speech warning",
        "send": "message signal",
        "strike": "tone",
        "show": "willingness readiness",
    }.items()
}
"""Verbs that cite together with a noun ("cast doubt on", "made the case that")."""
