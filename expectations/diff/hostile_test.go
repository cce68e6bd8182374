package diff_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// engine is one kind of system that tables are put into.
type engine struct {
	name   connectortest.Engine
	load   func(t testing.TB, tb connectortest.Table) query.Dataset
	source connectors.Source
}

// engines opens all servers that there are.
func engines(t *testing.T) map[connectortest.Engine]*engine {
	t.Helper()
	open := func(o connectors.Opener, params map[string]string) connectors.Source {
		s, err := o(t.Context(), connectors.Config{Name: "test", Params: params})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	// The order of ICU differs most from that of bytes.
	pg := connectortest.PostgresDatabase(t, connectortest.LocaleICU)
	my, es := connectortest.MySQL(t), connectortest.Elasticsearch(t)
	file := filepath.Join(t.TempDir(), "test.db")
	list := []*engine{
		{connectortest.EnginePostgres, func(t testing.TB, tb connectortest.Table) query.Dataset { return connectortest.LoadPostgres(t, pg, tb) }, open(postgres.Open, map[string]string{"dsn": pg})},
		{connectortest.EngineMySQL, func(t testing.TB, tb connectortest.Table) query.Dataset { return connectortest.LoadMySQL(t, my, tb) }, open(mysql.Open, map[string]string{"dsn": my})},
		{connectortest.EngineElasticsearch, func(t testing.TB, tb connectortest.Table) query.Dataset {
			return connectortest.LoadElasticsearch(t, es, tb)
		}, open(elasticsearch.Open, map[string]string{"url": es})},
	}
	// The file is there when its first table is.
	first := connectortest.Table{Name: "first", Columns: []connectortest.Column{{Name: "a", Type: value.Of(value.Int)}}}
	connectortest.LoadSQLite(t, file, first)
	list = append(list, &engine{connectortest.EngineSQLite, func(t testing.TB, tb connectortest.Table) query.Dataset { return connectortest.LoadSQLite(t, file, tb) }, open(sqlite.Open, map[string]string{"path": file})})
	m := map[connectortest.Engine]*engine{}
	for _, e := range list {
		m[e.name] = e
	}
	return m
}

// hostileKey is a key that engines order, pair or spell differently.
type hostileKey struct {
	name   string
	cols   []connectortest.Column
	values func(r *rand.Rand, i int) []value.Value
	// not are the engines that have no such column.
	not []connectortest.Engine
	// memory is Spec.MemoryBytes, 0 for its default.
	memory int64
}

func one(name string, k value.Kind, f func(r *rand.Rand, i int) value.Value) hostileKey {
	return hostileKey{
		name: name, cols: []connectortest.Column{{Name: "k", Type: value.Of(k)}},
		values: func(r *rand.Rand, i int) []value.Value { return []value.Value{f(r, i)} },
	}
}

// words are texts whose order depends on the collation, or that some collations call equal.
var words = []string{
	"", "a", "A", "b", "B", "ä", "Ä", "a\u0308", "ae", "æ", "z", "Z", "-", "_", "a-b", "a_b", "ab", "a b", " a", "a ", "é", "e\u0301", "ß", "ss",
	"\U0001F600", "\U0001F601", "\uFFFD", "\uE000", "日本", "日", "<null>", "null", "a|b", "a,b", "'", "\"", "\\", "%", "1", "10", "2", "É", "ñ", "n\u0303", "İ", "i", "ı", "I",
}

func word(r *rand.Rand, i int) value.Value {
	if i < len(words) {
		return value.StringValue(words[i])
	}
	return value.StringValue(words[r.IntN(len(words))] + words[r.IntN(len(words))])
}

func hostileKeys() []hostileKey {
	es := connectortest.EngineElasticsearch
	text := one("text", value.String, word)
	text.cols[0].Native = map[connectortest.Engine]string{connectortest.EngineMySQL: "varchar(64) collate utf8mb4_0900_ai_ci"}
	short := one("text of another collation", value.String, word)
	short.cols[0].Native = map[connectortest.Engine]string{connectortest.EngineMySQL: "varchar(64) collate utf8mb4_general_ci", connectortest.EnginePostgres: "varchar(64)"}
	narrow := one("text in small windows", value.String, word)
	narrow.memory = 20_000
	uuid := one("uuid", value.String, func(r *rand.Rand, _ int) value.Value {
		return value.StringValue(fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48)))
	})
	uuid.cols[0].Native = map[connectortest.Engine]string{connectortest.EnginePostgres: "uuid", connectortest.EngineMySQL: "char(36)"}
	binary := one("binary", value.Bytes, func(r *rand.Rand, i int) value.Value {
		var b []byte
		for range r.IntN(4) {
			b = append(b, []byte{0, 1, 0x7f, 0x80, 0xff, '\'', '\\'}[r.IntN(7)])
		}
		return value.BytesValue(append(b, byte(i), byte(i>>8)))
	})
	binary.cols[0].Native = map[connectortest.Engine]string{connectortest.EngineMySQL: "varbinary(64)"}
	binary.not = []connectortest.Engine{es}
	decimal := one("decimal", value.Decimal, func(r *rand.Rand, _ int) value.Value {
		return value.DecimalValue(value.NewDec(r.Int64N(2_000_000)-1_000_000, int32(r.IntN(5))))
	})
	decimal.not = []connectortest.Engine{es}
	when := one("timestamp", value.Timestamp, func(r *rand.Rand, i int) value.Value {
		// Within MySQL's TIMESTAMP, to the millisecond, which is what Elasticsearch keeps.
		return value.TimestampValue(time.UnixMilli(1_000_000_000_000 + int64(i)*r.Int64N(100_000)))
	})
	sparse := one("sparse", value.Int, func(r *rand.Rand, i int) value.Value {
		return value.IntValue([]int64{int64(i), int64(i) * 1_000_003, -int64(i), 1<<62 - int64(i), -1<<62 + r.Int64N(1000)}[r.IntN(5)])
	})
	sparse.memory = 30_000
	skewed := hostileKey{
		name: "skewed", memory: 30_000,
		cols: []connectortest.Column{{Name: "a", Type: value.Of(value.Int)}, {Name: "b", Type: value.Of(value.Int)}},
		values: func(r *rand.Rand, i int) []value.Value {
			a := int64(7)
			if i%2 == 0 {
				a = r.Int64N(1000)
			}
			return []value.Value{value.IntValue(a), value.IntValue(int64(i / 3))}
		},
	}
	nulls := hostileKey{
		name: "null", memory: 30_000,
		cols: []connectortest.Column{{Name: "a", Type: value.Of(value.Int)}, {Name: "b", Type: value.Of(value.String), Native: map[connectortest.Engine]string{connectortest.EngineMySQL: "varchar(64)"}}},
		values: func(r *rand.Rand, i int) []value.Value {
			a, b := value.IntValue(int64(i/4)), word(r, i%200)
			switch r.IntN(4) {
			case 0:
				a = value.Value{}
			case 1:
				b = value.Value{}
			}
			return []value.Value{a, b}
		},
	}
	ten := hostileKey{name: "ten columns", memory: 60_000, values: func(r *rand.Rand, i int) []value.Value {
		row := make([]value.Value, 10)
		for c := range row {
			switch c % 3 {
			case 0:
				row[c] = value.IntValue(r.Int64N(3))
			case 1:
				row[c] = word(r, r.IntN(len(words)))
			default:
				row[c] = value.BoolValue(r.IntN(2) == 0)
			}
		}
		row[9] = value.IntValue(int64(i / 2))
		return row
	}}
	for c := range 10 {
		k := []value.Kind{value.Int, value.String, value.Bool}[c%3]
		ten.cols = append(ten.cols, connectortest.Column{Name: "k" + string(rune('a'+c)), Type: value.Of(k), Native: map[connectortest.Engine]string{}})
		if k == value.String {
			ten.cols[c].Native[connectortest.EngineMySQL] = "varchar(64)"
		}
	}
	return []hostileKey{text, short, narrow, uuid, binary, decimal, when, sparse, skewed, nulls, ten}
}

// tables draws the rows of both sides: of 2,000 keys some are missing, extra, changed or repeated.
func (k *hostileKey) tables(seed uint64) (left, right connectortest.Table) {
	r := rand.New(rand.NewPCG(seed, 3))
	tb := connectortest.Table{Name: strings.ReplaceAll(k.name, " ", "_")}
	for _, c := range k.cols {
		tb.Key = append(tb.Key, c.Name)
	}
	tb.Columns = append(append(tb.Columns, k.cols...), connectortest.Column{Name: "n", Type: value.Of(value.Int)}, connectortest.Column{Name: "s", Type: value.Of(value.String)})
	left, right = tb, tb
	for i := range 2000 {
		row := make([]connectortest.Cell, 0, len(tb.Columns))
		for _, v := range k.values(r, i) {
			row = append(row, connectortest.Cell{Value: v})
		}
		row = append(row, connectortest.Cell{Value: value.IntValue(int64(i))}, connectortest.Cell{Value: word(r, i)})
		other := append([]connectortest.Cell(nil), row...)
		switch fate := r.IntN(40); fate {
		case 0:
			left.Rows = append(left.Rows, row)
			continue
		case 1:
			right.Rows = append(right.Rows, other)
			continue
		case 2:
			other[len(other)-1] = connectortest.Cell{}
		case 3:
			other[len(other)-2] = connectortest.Cell{Value: value.IntValue(-1)}
		case 4:
			left.Rows = append(left.Rows, row)
		}
		left.Rows, right.Rows = append(left.Rows, row), append(right.Rows, other)
	}
	r.Shuffle(len(left.Rows), func(i, j int) { left.Rows[i], left.Rows[j] = left.Rows[j], left.Rows[i] })
	r.Shuffle(len(right.Rows), func(i, j int) { right.Rows[i], right.Rows[j] = right.Rows[j], right.Rows[i] })
	return left, right
}

// plainTable is the table as the comparison by maps takes it.
func plainTable(tb connectortest.Table) table {
	out := table{key: tb.Key}
	for _, row := range tb.Rows {
		cells := make([]cell, len(row))
		for i, c := range row {
			cells[i] = cell{Value: c.Value}
		}
		out.rows = append(out.rows, cells)
	}
	return out
}

// TestHostileKeys compares every engine with every other on keys whose order and equality engines disagree about.
func TestHostileKeys(t *testing.T) {
	es := engines(t)
	pairs := [][2]connectortest.Engine{
		{connectortest.EnginePostgres, connectortest.EngineMySQL},
		{connectortest.EngineMySQL, connectortest.EngineSQLite},
		{connectortest.EnginePostgres, connectortest.EngineElasticsearch},
		{connectortest.EngineElasticsearch, connectortest.EngineSQLite},
		{connectortest.EngineElasticsearch, connectortest.EngineElasticsearch},
		{connectortest.EnginePostgres, connectortest.EnginePostgres},
	}
	for n, k := range hostileKeys() {
		for _, p := range pairs {
			if has(k.not, p[0]) || has(k.not, p[1]) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%v with %v", k.name, p[0], p[1]), func(t *testing.T) {
				left, right := k.tables(uint64(n))
				l := side(t, es[p[0]].source, es[p[0]].load(t, left))
				r := side(t, es[p[1]].source, es[p[1]].load(t, right))
				s := align(t, l, r, diff.AlignOptions{MemoryBytes: k.memory, TempDir: t.TempDir(), Columns: []string{"n", "s"}})
				plainLeft, plainRight := reread(t, l, left), reread(t, r, right)
				res, counts := check(t, &s, &plainLeft, &plainRight)
				if counts.Changed == 0 || counts.Missing == 0 || counts.Extra == 0 || counts.DuplicateKey == 0 || counts.Identical < 100 {
					t.Errorf("a class was not met: %+v", counts)
				}
				t.Logf("%s (%s), %s (%s)", res.Reads[0].Method, res.Reads[0].Reason, res.Reads[1].Method, res.Reads[1].Reason)
			})
		}
	}
}

func has(list []connectortest.Engine, e connectortest.Engine) bool { return slices.Contains(list, e) }

// reread returns the rows as the side's source reads them without any order, since engines round and trim what they store; there
// must be as many as were put there, and the schema's columns may stand in another order.
func reread(t *testing.T, s diff.Side, tb connectortest.Table) table {
	t.Helper()
	out := plainTable(connectortest.Table{Key: tb.Key})
	q := query.Select{From: s.Relation}
	for i, c := range s.Relation.Schema.Columns {
		if c.Unusable == "" {
			q.Columns = append(q.Columns, &query.Column{Index: i, Col: c})
		}
	}
	rows, err := s.Source.Select(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		for i := range b.N {
			row := make([]cell, len(s.Relation.Schema.Columns))
			for c, col := range q.Columns {
				row[col.Index] = cell{Value: b.Cols[c].Value(i), err: b.Cols[c].IsErr(i)}
			}
			out.rows = append(out.rows, row)
		}
	}
	if len(out.rows) != len(tb.Rows) {
		t.Fatalf("%d rows of %d", len(out.rows), len(tb.Rows))
	}
	return out
}
