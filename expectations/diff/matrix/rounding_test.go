package matrix

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// cast is a statement in which a server itself brings v to coarser types, %s standing for the values.
type cast struct {
	engine engine
	name   string
	text   string
	draw   func(r *rand.Rand) string
}

var casts = []cast{
	{postgres, "timestamp", "SELECT k, v::timestamp AS fine, v::timestamp::timestamp(0) AS c0, v::timestamp::timestamp(1) AS c1, v::timestamp::timestamp(3) AS c3, v::timestamp::timestamp(5) AS c5 FROM (VALUES %s) AS t (k, v)", drawTime},
	{postgres, "timestamptz", "SELECT k, (v || '+00')::timestamptz AS fine, (v || '+00')::timestamptz(0) AS c0, (v || '+00')::timestamptz(3) AS c3 FROM (VALUES %s) AS t (k, v)", drawTime},
	{postgres, "time", "SELECT k, v::time AS fine, v::time(0) AS c0, v::time(2) AS c2, v::time(3) AS c3 FROM (VALUES %s) AS t (k, v)", drawClock},
	{postgres, "interval", "SELECT k, (CASE WHEN k %% 2 = 0 THEN '' ELSE '-' END || v)::interval AS fine, (CASE WHEN k %% 2 = 0 THEN '' ELSE '-' END || v)::interval(2) AS c2 FROM (VALUES %s) AS t (k, v)", drawClock},
	{postgres, "numeric", "SELECT k, v::numeric(20,6) AS fine, v::numeric(20,2) AS c2, v::numeric(20,0) AS c0, v::numeric(20,-1) AS c9 FROM (VALUES %s) AS t (k, v)", drawDecimal},
	{postgres, "double to numeric", "SELECT k, v::float8 AS fine, v::float8::numeric(20,2) AS c2, v::float8::numeric(20,4) AS c4 FROM (VALUES %s) AS t (k, v)", drawDecimal},
	{postgres, "double to real", "SELECT k, v::float8 AS fine, v::float8::float4 AS c4 FROM (VALUES %s) AS t (k, v)", drawDecimal},
	{mysql, "datetime", "SELECT k, CAST(v AS DATETIME(6)) AS fine, CAST(CAST(v AS DATETIME(6)) AS DATETIME(0)) AS c0, CAST(CAST(v AS DATETIME(6)) AS DATETIME(3)) AS c3, CAST(CAST(v AS DATETIME(6)) AS DATETIME(5)) AS c5 FROM (%s) AS t", drawTime},
	{mysql, "time", "SELECT k, CAST(v AS TIME(6)) AS fine, CAST(CAST(v AS TIME(6)) AS TIME(0)) AS c0, CAST(CAST(CONCAT('-', v) AS TIME(6)) AS TIME(2)) AS n2, CAST(CONCAT('-', v) AS TIME(6)) AS negative FROM (%s) AS t", drawClock},
	{mysql, "decimal", "SELECT k, CAST(v AS DECIMAL(20,6)) AS fine, CAST(CAST(v AS DECIMAL(20,6)) AS DECIMAL(20,2)) AS c2, CAST(CAST(v AS DECIMAL(20,6)) AS DECIMAL(20,0)) AS c0 FROM (%s) AS t", drawDecimal},
	{mysql, "double to decimal", "SELECT k, v + 0e0 AS fine, CAST(v + 0e0 AS DECIMAL(20,2)) AS c2, CAST(v + 0e0 AS DECIMAL(20,4)) AS c4 FROM (%s) AS t", drawDecimal},
	{mysql, "double to float", "SELECT k, v + 0e0 AS fine, CAST(v + 0e0 AS FLOAT) AS c4 FROM (%s) AS t", drawDecimal},
}

// fraction draws digits of a second that often lie in the middle of two coarser values.
func fraction(r *rand.Rand) int {
	switch r.IntN(3) {
	case 0:
		return []int{500_000, 500, 123_500, 999_500, 50_000, 5, 499_999, 999_999, 250_000, 350_000, 15, 25, 5_000, 125_000, 995_000}[r.IntN(15)]
	case 1:
		return r.IntN(1000)*1000 + 500
	}
	return r.IntN(1_000_000)
}

func drawTime(r *rand.Rand) string {
	years := []int64{-30_000_000_000, -1_000_000_000, 0, 946_684_800, 1_700_000_000, 250_000_000_000}
	at := years[r.IntN(len(years))] + r.Int64N(2_000_000_000)
	if r.IntN(8) == 0 {
		at = 946_684_800 - int64(r.IntN(3)) // about 2000-01-01
	}
	return time.Unix(at, 0).UTC().Format("2006-01-02 15:04:05") + fmt.Sprintf(".%06d", fraction(r))
}

func drawClock(r *rand.Rand) string {
	return time.Unix(r.Int64N(86_000), 0).UTC().Format("15:04:05") + fmt.Sprintf(".%06d", fraction(r))
}

func drawDecimal(r *rand.Rand) string {
	s := fmt.Sprintf("%d.%06d", r.IntN([]int{1, 10, 1000, 100_000_000}[r.IntN(4)]), fraction(r))
	if r.IntN(2) == 0 {
		return "-" + s
	}
	return s
}

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestServersRound compares what servers make of a value that is too fine for a type with that value: the same, always, and no neighbour.
func TestServersRound(t *testing.T) {
	all, r := servers(t), seeded(t)
	for _, c := range casts {
		t.Run(string(c.engine)+" "+c.name, func(t *testing.T) { c.check(t, all[c.engine].source, r) })
	}
}

func (c *cast) check(t *testing.T, src connectors.Source, r *rand.Rand) {
	t.Helper()
	const rows = 1500
	values := make([]string, rows)
	for k := range values {
		v := c.draw(r)
		if c.engine == postgres {
			values[k] = fmt.Sprintf("(%d, '%s')", k, v)
		} else {
			values[k] = fmt.Sprintf("SELECT %d AS k, '%s' AS v", k, v)
		}
	}
	sep := map[engine]string{postgres: ", ", mysql: " UNION ALL "}[c.engine]
	rel := connectortest.Relation(t, src, query.Dataset{Name: "casts", Query: fmt.Sprintf(c.text, strings.Join(values, sep))})
	at := func(name string) (*value.Vector, value.Column) {
		col := &column{side: side{engine: c.engine}, name: name, rel: rel, cells: make([]string, rows)}
		return read(t, src, col), col.described()
	}
	fine, fineCol := at("fine")
	for _, coarse := range rel.Schema.Columns[2:] {
		if coarse.Name == "negative" {
			continue
		}
		v, col := at(coarse.Name)
		w, of := fine, fineCol
		if coarse.Name == "n2" {
			w, of = at("negative")
		}
		f, _, err := canon.Pair(of, col, canon.Options{})
		if err != nil {
			t.Fatal(err)
		}
		neighbours := 0
		for k := range rows {
			if v.IsNull(k) || v.IsErr(k) || !f.Equal(w, k, v, k) {
				t.Errorf("%s: %s became %s, which is not the same", coarse.Native, shown(w, k), shown(v, k))
			}
			if k > 0 && f.Equal(w, k-1, v, k) {
				neighbours++
			}
		}
		if neighbours > rows/3 {
			t.Errorf("%s: %d of %d values are their neighbours'", coarse.Native, neighbours, rows)
		}
	}
}

// TestDoubleText holds the encoding of doubles to the text that PostgreSQL gives them.
func TestDoubleText(t *testing.T) {
	all, r := servers(t), seeded(t)
	for typ, single := range map[string]bool{"float8": false, "float4": true} {
		const rows = 1500
		values := make([]string, rows)
		for k := range values {
			x := []float64{0, 1e14, 1e15, 1e16, 123456, 1234567, 1e5, 1e6, 1e-4, 1e-5, math.Inf(1), math.Inf(-1), math.NaN()}[r.IntN(13)]
			switch r.IntN(4) {
			case 0:
				if x = math.Float64frombits(r.Uint64()); single {
					x = float64(math.Float32frombits(r.Uint32()))
				}
			case 1:
				x = float64(r.IntN(2_000_000)-1_000_000) / 1000
			case 2:
				x = (r.Float64() - 0.5) * math.Pow10(r.IntN(40)-20)
			}
			values[k] = fmt.Sprintf("(%d, '%s'::%s)", k, strconv.FormatFloat(x, 'g', -1, map[bool]int{false: 64, true: 32}[single]), typ)
		}
		rel := connectortest.Relation(t, all[postgres].source, query.Dataset{Name: "texts", Query: "SELECT k, v, (v + 0::" + typ + ")::text AS s FROM (VALUES " + strings.Join(values, ", ") + ") AS t (k, v)"})
		at := func(name string) (*value.Vector, value.Column) {
			col := &column{side: side{engine: postgres}, name: name, rel: rel, cells: make([]string, rows)}
			return read(t, all[postgres].source, col), col.described()
		}
		v, col := at("v")
		s, _ := at("s")
		f, _, err := canon.Pair(col, col, canon.Options{})
		if err != nil || f.Single != single {
			t.Fatalf("single %v: %v", f.Single, err)
		}
		for k := range rows {
			text := s.Value(k).Str()
			if got, want := string(f.Append(nil, v, canon.Left, k)), fmt.Sprintf("v%d:%s", len(text), text); got != want {
				t.Errorf("%s is encoded as %s, PostgreSQL has %s", shown(v, k), got, want)
			}
		}
	}
}
