package matrix

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
)

const mariadb engine = "mariadb"

func ma(typ string) side { return side{engine: mariadb, typ: typ} }

// mariadbEntries are the types that MariaDB has alone, and the seconds that it cuts where MySQL rounds.
func mariadbEntries() []entry {
	return []entry{
		{l: pg("uuid"), r: ma("uuid"), same: two(lowerUUID, lowerUUID, lowerUUID, upperUUID, nothing, nothing), differ: two(lowerUUID, otherUUID, lowerUUID, nothing)},
		{l: ma("uuid"), r: my("binary(16)"), same: two(lowerUUID, "=x'"+plainUUID+"'"), differ: two(lowerUUID, "=x'6ba7b8109dad11d180b400c04fd430c9'")},
		{l: ma("uuid"), r: my("char(36)"), same: two(lowerUUID, upperUUID), differ: two(lowerUUID, otherUUID)},
		{l: pg("inet"), r: ma("inet6"), same: alike("2001:db8::1"), differ: two("2001:db8::1", "2001:db8::2")},
		{l: pg("inet"), r: ma("inet4"), same: alike("10.0.0.1"), differ: two("10.0.0.1", "10.0.0.2")},
		{l: my("json"), r: ma("json"), same: two(`{"a":1,"b":[1.0,2]}`, ` { "b" : [ 1 , 2.0 ], "a" : 1e0 } `, `{"a":2}`, `{"a":1,"a":2}`), differ: two(`{"a":1}`, `{"a":"1"}`, `{}`, `[]`)},
		{l: pg("timestamptz"), r: ma("timestamp(3)"), same: two("2024-02-29 12:00:00.1239", "2024-02-29 12:00:00.1239", "2024-02-29 12:00:00.1239", "2024-02-29 12:00:00.123"), differ: two("2024-02-29 12:00:00.1239", "2024-02-29 12:00:00.124")},
		{l: my("datetime(6)"), r: ma("datetime"), same: alike("2024-02-29 12:00:00.9", "1950-02-28 12:00:00.999999"), differ: two("2024-02-29 12:00:00.9", "2024-02-29 12:00:01")},
		{l: my("time(6)"), r: ma("time(1)"), same: alike("12:00:00.19", "-12:00:00.19"), differ: two("12:00:00.19", "12:00:00.2", "-12:00:00.19", "-12:00:00.2")},
	}
}

// withMariaDB is the entry with MariaDB in MySQL's place; false where MySQL has no part in it, or its rounding has.
func (e *entry) withMariaDB() (entry, bool) {
	out, changed := *e, false
	if e.l.typ == "date_nanos" || e.r.typ == "date_nanos" {
		return out, false // finer than microseconds, which MariaDB cuts to
	}
	for _, s := range []*side{&out.l, &out.r} {
		if s.engine != mysql {
			continue
		}
		s.engine, changed = mariadb, true
		timed := strings.HasPrefix(s.typ, "time") || strings.HasPrefix(s.typ, "datetime")
		if timed && !strings.HasSuffix(s.typ, "(6)") {
			return out, false
		}
	}
	return out, changed
}

// TestMariaDB compares MariaDB's own types, and all that MySQL has a part in.
func TestMariaDB(t *testing.T) {
	dsn := connectortest.MariaDBDatabase(t)
	all := servers(t)
	all[mariadb] = mysqlServer(t, mariadb, dsn)
	entries := mariadbEntries()
	for _, s := range sections() {
		for i := range s.entries {
			if e, ok := s.entries[i].withMariaDB(); ok {
				entries = append(entries, e)
			}
		}
	}
	if len(entries) < 100 {
		t.Errorf("%d entries only", len(entries))
	}
	hashed := 0
	for i, p := range store(t, all, entries) {
		t.Run(fmt.Sprintf("%d %s", i, p.title()), func(t *testing.T) { hashed += p.check(t, all) })
	}
	t.Logf("servers hashed %d columns", hashed)
}

// TestMariaDBCuts is TestServersRound on MariaDB.
func TestMariaDBCuts(t *testing.T) {
	s := mysqlServer(t, mariadb, connectortest.MariaDBDatabase(t))
	r := seeded(t)
	for _, c := range casts {
		if c.engine == mysql {
			t.Run(c.name, func(t *testing.T) { c.check(t, s.source, r) })
		}
	}
}
