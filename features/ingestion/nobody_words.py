"""Nobody words: texts that exports write as the customer of an order that has none, such as NULL, Guest or 散客."""

from __future__ import annotations

from collections.abc import Iterable

from features.canonical_form import canonical_word

_PROGRAMS = (
    "null", "(null)", "<null>", "[null]", "nil", "none", "(none)", "nan", "nat", "na", "n/a", "#n/a", "<na>", "n.a.",
    "\\n", "undefined", "[object object]", "not_authenticated", "(not set)", "not set", "(blank)", "(empty)", "empty",
    "#ref!", "#value!", "#name?", "#null!", "#num!", "#div/0!", "[deleted]", "[removed]",
    # The MD5, SHA-1 and SHA-256 of an empty text, which is what an export that hashes ids writes where there is none.
    "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "true", "false", "0", "0.0", "-1", "-1.0", "-", "--", "---", "—", "?", ".", "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
_PEOPLE = (
    "guest", "guest user", "guest customer", "guest checkout", "anonymous", "anonymous user", "anonymous customer",
    "anon", "unknown", "unknown customer", "unregistered", "not registered", "no customer", "nobody", "walk-in",
    "walk in", "walkin", "walk-in customer", "walk in customer", "cash customer", "cash sale", "counter sale",
    "gast", "gastkunde", "gastbestellung", "gastbesteller", "anonym", "unbekannt", "unbekannter kunde", "laufkunde",
    "laufkundschaft", "barverkauf", "ohne kunde", "kein kunde",
    "invité", "invite", "anonyme", "inconnu", "client inconnu", "client de passage", "client comptoir", "sans client",
    "invitado", "anónimo", "anonimo", "desconocido", "sin cliente", "cliente de mostrador", "público en general",
    "ospite", "sconosciuto", "cliente occasionale", "convidado", "anônimo", "desconhecido", "consumidor final",
    "anoniem", "onbekend", "gæst", "gäst", "okänd", "gjest", "ukjent", "vieras", "tuntematon", "gość", "nieznany",
    "neznámý", "misafir", "bilinmeyen", "гость", "аноним", "неизвестно", "неизвестный",
    "散客", "匿名", "匿名用户", "匿名客户", "匿名买家", "游客", "访客", "未知", "未登录", "未注册", "非会员",
    "普通顾客", "零售客户", "无", "空", "散客客戶", "匿名用戶", "訪客", "遊客", "非會員", "ゲスト",
    "ゲストユーザー", "不明", "名無し", "非会員", "会員外", "게스트", "비회원", "익명",
)  # fmt: skip
NOBODY_WORDS = frozenset(map(canonical_word, (*_PROGRAMS, *_PEOPLE)))


def nobody_words(anonymous: Iterable[str] = (), never_anonymous: Iterable[str] = ()) -> frozenset[str]:
    """The canonical words for nobody: those above and ``anonymous``, without ``never_anonymous``."""
    return (NOBODY_WORDS | set(map(canonical_word, anonymous))) - set(map(canonical_word, never_anonymous))
