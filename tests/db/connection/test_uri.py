"""Addresses: everything that people have, read without a server; and passwords that never show."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.db.connection.address import Address, Host, Tls
from ffmate_desktop.db.connection.uri import parse, without_password
from ffmate_desktop.domain.errors import UsageError


def read(uri: str, **environment: str) -> Address:
    return parse(uri, environment)


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        pytest.param(
            "postgresql://neondb_owner:npg_k3Y@ep-icy-sky-a1b2c3-pooler.eu-central-1.aws.neon.tech/neondb"
            "?sslmode=require&channel_binding=require",
            Address(
                (Host("ep-icy-sky-a1b2c3-pooler.eu-central-1.aws.neon.tech", 5432),),
                "neondb_owner",
                "neondb",
                "npg_k3Y",
                tls=Tls("verify-full"),
                notes=(
                    "channel_binding=require is replaced by a check of the server's certificate"
                    " (sslmode=verify-full).",
                ),
                suspect=True,
            ),
            id="Neon, pooled, as its copy button gives it",
        ),
        pytest.param(
            "psql 'postgresql://alex:AbC123dEf@ep-cool-darkness-123456.us-east-2.aws.neon.tech/dbname"
            "?sslmode=require&options=endpoint%3Dep-cool-darkness-123456'",
            Address(
                (Host("ep-cool-darkness-123456.us-east-2.aws.neon.tech", 5432),),
                "alex",
                "dbname",
                "AbC123dEf",
                tls=Tls("require"),
                settings=(("options", "endpoint=ep-cool-darkness-123456"),),
            ),
            id="Neon, direct, as a psql command with the endpoint as an option",
        ),
        pytest.param(
            "postgresql://postgres:s3cr3t@db.abcdefghijklm.supabase.co:5432/postgres",
            Address((Host("db.abcdefghijklm.supabase.co", 5432),), "postgres", "postgres", "s3cr3t"),
            id="Supabase, direct",
        ),
        pytest.param(
            "postgresql://postgres.abcdefghijklm:s3cr3t@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"
            "?pgbouncer=true&supa=base-pooler.x",
            Address(
                (Host("aws-0-eu-central-1.pooler.supabase.com", 6543),),
                "postgres.abcdefghijklm",
                "postgres",
                "s3cr3t",
                suspect=True,
            ),
            id="Supabase, transaction pooler, with Prisma's marks",
        ),
        pytest.param(
            "postgresql://admin:pw@mydb.123456789012.eu-west-1.rds.amazonaws.com:5432/queue"
            "?sslmode=verify-full&sslrootcert=/certs/global-bundle.pem",
            Address(
                (Host("mydb.123456789012.eu-west-1.rds.amazonaws.com", 5432),),
                "admin",
                "queue",
                "pw",
                tls=Tls("verify-full", root="/certs/global-bundle.pem"),
            ),
            id="Amazon RDS",
        ),
        pytest.param(
            "postgres://ffmate%40myserver:p%40ss@myserver.postgres.database.azure.com:5432/postgres?sslmode=require",
            Address(
                (Host("myserver.postgres.database.azure.com", 5432),),
                "ffmate@myserver",
                "postgres",
                "p@ss",
                tls=Tls("require"),
            ),
            id="Azure",
        ),
        pytest.param(
            "postgres://avnadmin:AVNS_x-y@pg-1-demo.a.aivencloud.com:12691/defaultdb?sslmode=require",
            Address(
                (Host("pg-1-demo.a.aivencloud.com", 12691),),
                "avnadmin",
                "defaultdb",
                "AVNS_x-y",
                tls=Tls("require"),
            ),
            id="Aiven",
        ),
        pytest.param(
            "postgresql+asyncpg://u:p@h/d?ssl=true&prepared_statement_cache_size=0",
            Address((Host("h", 5432),), "u", "d", "p", tls=Tls("require")),
            id="SQLAlchemy",
        ),
        pytest.param(
            "jdbc:postgresql://h:5433/d?user=u&password=p&ssl=no-verify&prepareThreshold=0",
            Address((Host("h", 5433),), "u", "d", "p", tls=Tls("require")),
            id="JDBC",
        ),
        pytest.param(
            "postgresql://u@db1:5433,db2,[2001:db8::3]:5434/d?target_session_attrs=read-write&port=5555"
            "&connect_timeout=1&application_name=films",
            Address(
                (Host("db1", 5433), Host("db2", 5555), Host("2001:db8::3", 5434)),
                "u",
                "d",
                timeout=2.0,
                settings=(("application_name", "films"),),
            ),
            id="a high-availability server",
        ),
        pytest.param(
            "postgresql://ffmate@/ffmate?host=/run/my%20pg&port=5433&sslmode=disable",
            Address((Host("/run/my pg", 5433),), "ffmate", "ffmate", tls=Tls("disable")),
            id="a Unix socket",
        ),
        pytest.param(
            "postgresql://%2Fvar%2Frun%2Fpg/d?user=u",
            Address((Host("/var/run/pg", 5432),), "u", "d"),
            id="a Unix socket as libpq's manual writes it",
        ),
    ],
)
def test_addresses_of_the_world(uri: str, address: Address) -> None:
    assert read(uri) == address
    assert read(f"  {uri}\n") == address


@pytest.mark.parametrize(
    ("uri", "password"),
    [
        ("postgresql://u:a#b@h/d", "a#b"),
        ("postgresql://u:a@b@h/d", "a@b"),
        ("postgresql://u:a:b@h/d", "a:b"),
        ("postgresql://u:100%@h/d", "100%"),
        ("postgresql://u:[x]@h/d", "[x]"),
        ("postgresql://u:%C3%BC@h/d", "ü"),
        ("postgresql://u:@h/d", None),
    ],
)
def test_passwords_that_were_not_escaped_are_understood_where_they_can_be(
    uri: str, password: str | None
) -> None:
    address = read(uri)
    assert (address.user, address.password, address.hosts) == ("u", password, (Host("h", 5432),))


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("postgresql://u:s3/cret@h/d", "%2F"),
        ("postgresql://u:s3?cret@h/d", "%3F"),
        ("postgresql://u:1?s3cret=x@h/d", "an @ after the host"),
        ("postgresql://u:s3cret@h:port/d", "the port must be a number"),
        ("postgresql://u:s3cret@h:0/d", "the port must be a number"),
        ("postgresql://u:s3cret@h:65536/d", "the port must be a number"),
        ("postgresql://u:s3cret@[::1/d", "inside [ and ]"),
        ("postgresql://u:s3cret@h,i/d?port=1,2,3", "there are 2 hosts and 3 ports"),
        ("postgresql://u:s3cret@h/d?sslmode=on", "sslmode must be one of disable"),
        (
            "postgresql://u:s3cret@h/d?sslmode=disable&channel_binding=require",
            "channel_binding=require needs",
        ),
        ("postgresql://u:s3cret@h/d?sslnegotiation=direct", "needs sslmode=require"),
        ("postgresql://u:s3cret@h/d?gssencmode=require", "gssencmode=require"),
        ("postgresql://u:s3cret@h/d?connect_timeout=soon", "connect_timeout"),
        ("postgresql://u:s3cret@h/d?x", "has no value"),
        ("postgresql://u:s3cret%FF@h/d", "isn't UTF-8"),
        ("postgresql://u:s3cret%00@h/d", "zero byte"),
        ("postgresql://u:[YOUR-PASSWORD]@db.x.supabase.co:5432/postgres", "still contains [YOUR-PASSWORD]"),
        ("mysql://u:s3cret@h/d", "isn't a PostgreSQL address"),
        ("u:s3cret@h/d", "isn't a PostgreSQL address"),
        ("host=h password=s3cret dbname=d", "isn't a PostgreSQL address"),
        ("host=h password='s3 cr\\'et' dbname=d", "isn't a PostgreSQL address"),
        ("postgresql://user:s3cret", "the port must be a number"),
        ("", "isn't a PostgreSQL address"),
    ],
)
def test_an_invalid_address_is_reported_without_the_password(uri: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)) as caught:
        read(uri)
    assert "It looks like postgresql://" in str(caught.value)
    assert "s3" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_parameters_that_are_left_out_are_named_without_their_values() -> None:
    address = read(
        "postgresql://u@h/d?schema=films&hostaddr=10.0.0.1&api_key=s3cret&target_session_attrs=standby"
    )
    assert address.notes == (
        "“schema” in the address is ignored: the tables of FFmate Desktop are always in the schema ffmate.",
        "“hostaddr” in the address is ignored: the server is found by its host name.",
        "“api_key” in the address is ignored: FFmate Desktop does not support it.",
        "target_session_attrs=standby is ignored: nodes write, so they use the primary.",
    )


def test_needless_parameters_are_no_matter() -> None:
    assert read(
        "postgresql://u@h/d?keepalives=1&keepalives_idle=30&tcp_user_timeout=9&gssencmode=disable&sslsni=1"
        "&client_encoding=utf8&connection_limit=1&pool_timeout=10&statement_cache_size=0"
    ) == Address((Host("h", 5432),), "u", "d")


def test_the_variables_of_libpq_speak_where_the_address_is_silent() -> None:
    variables = {"PGPASSWORD": "p", "PGSSLMODE": "require", "PGSSLROOTCERT": "/ca", "PGPASSFILE": "/f"}
    variables |= {"PGUSER": "v", "PGPORT": "9", "PGDATABASE": "e", "PGHOST": "g", "PGCONNECT_TIMEOUT": "7"}
    assert read("postgresql://", **variables) == Address(
        (Host("g", 9),), "v", "e", "p", "/f", Tls("require", root="/ca"), timeout=7.0
    )
    loud = read("postgresql://u:q@h:1/d?sslmode=disable", **variables)
    assert (loud.hosts, loud.user, loud.database) == ((Host("h", 1),), "u", "d")
    assert (loud.password, loud.tls.mode) == ("q", "disable")
    assert read("postgresql://u@h/d?sslmode=disable", PGSSLROOTCERT="system").tls.mode == "disable"


def test_system_authorities_mean_full_verification() -> None:
    assert read("postgresql://u@h/d?sslrootcert=system&sslmode=require").tls.mode == "verify-full"


def test_nothing_that_is_printed_of_an_address_has_the_password() -> None:
    address = read("postgresql://u:s3cret@h/d?sslpassword=s4cret")
    assert address.tls.key_password == "s4cret"
    assert "cret" not in repr(address)


NAMES = st.text(min_size=1).filter(lambda text: "\0" not in text and text.isprintable())
HOSTS = st.lists(
    st.tuples(st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True), st.integers(1, 65535)),
    min_size=1,
    max_size=4,
)


@given(user=NAMES, password=NAMES, database=NAMES, hosts=HOSTS)
def test_what_was_escaped_comes_back(
    user: str, password: str, database: str, hosts: list[tuple[str, int]]
) -> None:
    userinfo = f"{quote(user, safe='')}:{quote(password, safe='')}"
    where = [f"{host}:{port}" for host, port in hosts]
    address = read(f"postgresql://{userinfo}@{','.join(where)}/{quote(database, safe='')}")
    assert (address.user, address.password, address.database) == (user, password, database)
    assert address.hosts == tuple(Host(*host) for host in hosts)
    assert address.where == ", ".join(where)


@given(password=st.from_regex(r"s3[^\0\s]{0,20}cret", fullmatch=True), head=st.sampled_from(["", "jdbc:"]))
@pytest.mark.parametrize(
    "form",
    [
        "{}postgresql://user:{}@host:5432/d?sslmode=require",
        "{}postgresql://user:{}@host",
        "{}user:{}@host/d",
        "{}mysql://user:{}@host/d",
    ],
)
def test_a_password_never_shows_however_it_was_written(form: str, password: str, head: str) -> None:
    uri = form.format(head, password)
    assert "s3" not in without_password(uri)
    try:
        assert read(uri).password is not None
    except UsageError as error:
        assert "s3" not in str(error)


@given(text=st.text())
def test_any_text_is_an_address_or_wrong_use(text: str) -> None:
    for uri in (text, f"postgresql://{text}"):
        without_password(uri)
        try:
            read(uri, PGUSER="u")
        except UsageError as error:
            assert str(error)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://a:secret@host/x", "postgresql://a:***@host/x"),
        ("postgresql://a:se@cr:et@host/x", "postgresql://a:***@host/x"),
        ("postgresql://a:se#cret@host:1/x", "postgresql://a:***@host:1/x"),
        ("postgresql://host/x?password=secret&sslmode=off", "postgresql://host/x?password=***&sslmode=off"),
        ("postgresql://a@host/x?options=-c%20x.password%3Dsecret", "postgresql://a@host/x?options=***"),
        ("postgresql://a@host/x?pwd=secret&x=1", "postgresql://a@host/x?pwd=***&x=***"),
        ("postgresql://a@host/x?x=password%3Dsecret", "postgresql://a@host/x?x=***"),
        ("postgresql://a@host/x", "postgresql://a@host/x"),
        (
            "postgresql://a@host/x?options=-cpw%3Dsecret&sslmode=off",
            "postgresql://a@host/x?options=***&sslmode=off",
        ),
        (
            "postgresql://a@host/x?sslpassword=secret&service=secret",
            "postgresql://a@host/x?sslpassword=***&service=***",
        ),
        (
            "postgresql://a@host/x?passfile=secret&pass%77ord=secret",
            "postgresql://a@host/x?passfile=***&pass%77ord=***",
        ),
        (
            "postgresql://a@host/x?application_name=secret&secret",
            "postgresql://a@host/x?application_name=***&***",
        ),
        ("host=h options='-c pw=secret' password=secret", "host=h options=*** password=***"),
        ("postgresql://a@host:5432/x", "postgresql://a@host:5432/x"),
        ("postgresql://a:b@h1:1,h2:2/x", "postgresql://a:***@h1:1,h2:2/x"),
        ("postgresql://[::1]:5432/x", "postgresql://[::1]:5432/x"),
    ],
)
def test_passwords_are_hidden(uri: str, shown: str) -> None:
    assert without_password(uri) == shown
