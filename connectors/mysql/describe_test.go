package mysql_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		src := open(t, dsn)
		run(
			t, db,
			"CREATE TABLE parent (a int, b varchar(10), PRIMARY KEY (b, a))",
			"CREATE TABLE `odd.``name` (`z` int NOT NULL, `a b` varchar(30), u bigint unsigned UNIQUE, g point, p varchar(99), fa int, fb varchar(10),"+
				" CONSTRAINT checked CHECK (z > 0),"+is.Pick(" CONSTRAINT unchecked CHECK (z > 1) NOT ENFORCED,", "")+" CONSTRAINT fk FOREIGN KEY (fb, fa) REFERENCES parent (b, a),"+
				" PRIMARY KEY (z), UNIQUE prefix (p(5)), "+is.Pick("UNIQUE expr ((lower(p))), ", "")+"KEY two (`a b`, z), KEY hidden (p) "+is.Pick("INVISIBLE", "IGNORED")+")",
			"CREATE VIEW seen AS SELECT z, `a b` FROM `odd.``name`",
			"CREATE TABLE loose (id int PRIMARY KEY) ENGINE = MyISAM",
		)
		s, err := src.Describe(t.Context(), query.Dataset{Table: "`odd.``name`"})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range s.Columns {
			names = append(names, fmt.Sprintf("%s %s %v", c.Name, c.Type, c.NotNull))
		}
		if got, want := strings.Join(names, ", "), "z int true, a b string false, u uint false, g bytes false, p string false, fa int false, fb string false"; got != want {
			t.Errorf("columns %s, want %s", got, want)
		}
		if g, _ := s.Column("g"); g.Unusable == "" {
			t.Error("a geometry is usable")
		}
		var guarantees []string
		for _, c := range s.Constraints {
			guarantees = append(guarantees, fmt.Sprint(c.Kind, c.Name, c.Columns))
		}
		slices.Sort(guarantees)
		want := []string{fmt.Sprint(value.Check, "checked", []string(nil)), fmt.Sprint(value.PrimaryKey, "PRIMARY", []string{"z"}), fmt.Sprint(value.Unique, "prefix", []string{"p"}), fmt.Sprint(value.Unique, "u", []string{"u"})}
		if is.Maria {
			want = want[1:] // check_constraint_checks=0 stores what violates one
		}
		slices.Sort(want)
		if !slices.Equal(guarantees, want) {
			t.Errorf("guarantees %v, want %v", guarantees, want)
		}
		if !slices.Equal(s.Key, []string{"z"}) || !slices.ContainsFunc(s.Indexes, func(c []string) bool { return slices.Equal(c, []string{"a b", "z"}) }) {
			t.Errorf("key %v, indexes %v", s.Key, s.Indexes)
		}
		for _, ix := range s.Indexes {
			if slices.Equal(ix, []string{"p"}) {
				t.Error("a prefix or invisible index counts as usable")
			}
		}
		if p, err := src.Describe(t.Context(), query.Dataset{Table: "parent"}); err != nil || !slices.Equal(p.Key, []string{"b", "a"}) {
			t.Errorf("key of two columns: %v %v", p.Key, err)
		}
		for _, table := range []string{"seen", "loose"} {
			if s, err := src.Describe(t.Context(), query.Dataset{Table: table}); err != nil || len(s.Constraints) != 0 {
				t.Errorf("%s: %v %v", table, s.Constraints, err)
			}
		}
		if _, err := src.Describe(t.Context(), query.Dataset{Table: "PARENT"}); connectors.KindOf(err) != connectors.NotFound {
			t.Errorf("a table of another case: %v", err)
		}
		if _, err := src.Describe(t.Context(), query.Dataset{Table: "a.b.c"}); connectors.KindOf(err) != connectors.Misconfigured {
			t.Errorf("three parts: %v", err)
		}
	})
}

func TestDescribeWithoutRights(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		user := connectortest.Unique("mysql_u")
		run(
			t, db, "CREATE TABLE secret (id int)", "CREATE TABLE open_ (id int, hidden int)", "CREATE USER "+user+" IDENTIFIED BY 'pw'",
			"GRANT SELECT (id) ON open_ TO "+user,
		)
		defer run(t, db, "DROP USER "+user)
		_, rest, _ := strings.Cut(dsn, "@")
		src, err := mysql.Open(t.Context(), config(user+":pw@"+rest))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = src.Close() }()
		if _, err := src.Describe(t.Context(), query.Dataset{Table: "secret"}); connectors.KindOf(err) != connectors.Denied {
			t.Errorf("a table without rights: %v", err)
		}
		if s, err := src.Describe(t.Context(), query.Dataset{Table: "open_"}); err != nil || len(s.Columns) != 1 {
			t.Errorf("a table with one readable column: %+v %v", s.Columns, err)
		}
	})
}

// Text that differs only far behind max_sort_length, and blanks that PAD SPACE would drop, stay apart.
func TestSetsOverLongText(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "COLLATE "+is.Padding)
		src := open(t, dsn)
		run(
			t, db, "CREATE TABLE long_ (id int PRIMARY KEY, s text, b blob, ls longtext, lb longblob)",
			"INSERT INTO long_ (id, s, b) VALUES (1, CONCAT(REPEAT('é', 32000), 'a'), CONCAT(REPEAT('z', 65000), 'a')), (2, CONCAT(REPEAT('é', 32000), 'b'), CONCAT(REPEAT('z', 65000), 'b')),"+
				" (3, CONCAT(REPEAT('é', 32000), 'A'), CONCAT(REPEAT('z', 65000), 'B')), (4, 'x', 'x'), (5, 'x ', 'x '), (6, 'X', 'X'), (7, 'x', 'x'), (8, NULL, NULL)",
			"UPDATE long_ SET ls = CONCAT(REPEAT('é', 150000), s), lb = CONCAT(REPEAT('z', 300000), b)",
		)
		d := query.Dataset{Table: "long_"}
		for _, column := range []string{"s", "b", "ls", "lb"} {
			rel := connectortest.Relation(t, src, d)
			rel.Dataset.Key = []string{column}
			checker, ok := src.(connectors.SetChecker)
			if !ok {
				t.Fatal("no set checks")
			}
			unique := &query.UniqueCheck{From: rel, Columns: connectortest.Cols(t, rel, column)}
			if is.Maria && column[0] == 'l' {
				refusedAsTooLong(t, src, unique)
				continue
			}
			got, err := checker.CheckSet(t.Context(), unique)
			if want := (query.SetResult{True: 5, False: 2, Skipped: 1}); err != nil || got != want {
				t.Errorf("unique %s: %+v, want %+v (%v)", column, got, want, err)
			}
			var order []string
			for _, r := range read(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "id", column), OrderByKey: true}) {
				if r[1].IsNull() {
					order = append(order, "null")
					continue
				}
				order = append(order, r[1].Str())
			}
			if len(order) != 8 || order[7] != "null" || !slices.IsSorted(order[:7]) {
				t.Errorf("order by %s: %d rows, sorted %v", column, len(order), slices.IsSorted(order[:7]))
			}
			b, err := src.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{{Kind: query.MeasureDistinct, Arg: connectortest.Col(t, rel, column), Nulls: connectortest.Cols(t, rel, column)}}})
			if err != nil || b.Cols[0].Ints[0] != 6 {
				t.Errorf("distinct %s: %v", column, err)
			}
		}
	})
}

// refusedAsTooLong checks that MariaDB is not asked to sort or group by what it would cut.
func refusedAsTooLong(t *testing.T, src connectors.Source, c *query.UniqueCheck) {
	t.Helper()
	const want = "mariadb: order or groups of text that may exceed 65,535 characters"
	reason := func(what string, r *query.Refusal) {
		t.Helper()
		if r == nil || r.Reason != want {
			t.Errorf("%s of %s is refused with %v", what, c.Columns[0].Col.Name, r)
		}
	}
	caps, col := src.Caps(), c.Columns[0]
	reason("uniqueness", caps.Set(c))
	reason("monotony", caps.Set(&query.MonotonicCheck{From: c.From, Column: col}))
	reason("an order", caps.Set(&query.MonotonicCheck{From: c.From, Column: &query.Column{Col: c.From.Schema.Columns[0]}, OrderBy: c.Columns}))
	reason("a count of different values", caps.Measure(c.From, query.Measure{Kind: query.MeasureDistinct, Arg: col, Nulls: c.Columns}))
	_, err := src.Select(t.Context(), query.Select{From: c.From, Columns: c.Columns, OrderByKey: true})
	var r *query.Refusal
	errors.As(err, &r)
	reason("key order", r)
}
