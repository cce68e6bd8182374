package matrix

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
)

// typePair is a line of the shared type_pairs.jsonl: samples that are put into the source and, as the source holds them, into the target.
type typePair struct {
	SourceDB   string            `json:"source_db"`
	TargetDB   string            `json:"target_db"`
	Category   string            `json:"category"`
	SourceType string            `json:"source_type"`
	TargetType string            `json:"target_type"`
	Samples    []json.RawMessage `json:"samples"`
}

func typePairs(t *testing.T) []typePair {
	t.Helper()
	f, err := os.Open(filepath.Join(connectortest.Shared(t), "cases", "type_pairs.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []typePair
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var p typePair
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	if err := lines.Err(); err != nil || len(out) != 100 {
		t.Fatalf("%d pairs: %v", len(out), err)
	}
	return out
}

// sides of the pair; where an instant is beside a time without a zone, that is in UTC.
func (p *typePair) sides() (l, r side) {
	of := map[string]engine{"PostgreSQL": postgres, "MySQL": mysql}
	l, r = side{engine: of[p.SourceDB], typ: p.SourceType}, side{engine: of[p.TargetDB], typ: p.TargetType}
	naive := func(s side) bool {
		return strings.HasSuffix(s.typ, "without time zone") || strings.HasPrefix(s.typ, "datetime")
	}
	if p.Category == "datetime" && naive(l) != naive(r) {
		if naive(l) {
			l = l.in("UTC")
		} else {
			r = r.in("UTC")
		}
	}
	return l, r
}

// samples returns the literals of the source.
func (p *typePair) samples(t *testing.T) []string {
	t.Helper()
	if p.Category == "uuid_string" {
		return []string{lowerUUID, otherUUID, "00000000-0000-0000-0000-000000000000", upperUUID, "f47ac10b-58cc-4372-a567-0e02b2c3d479"}
	}
	var out []string
	for _, raw := range p.Samples {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		switch p.Category {
		case "boolean":
			if p.SourceDB == "MySQL" {
				s = map[string]string{"true": "1", "false": "0"}[s]
			}
		case "datetime":
			s = strings.TrimSuffix(strings.TrimPrefix(s, "datetime.fromisoformat('"), "')")
		case "float":
			if a, b, ok := strings.Cut(s, " / "); ok {
				x, errX := strconv.ParseFloat(a, 64)
				y, errY := strconv.ParseFloat(b, 64)
				if errX != nil || errY != nil {
					t.Fatalf("sample %q", s)
				}
				s = strconv.FormatFloat(x/y, 'g', -1, 64)
			}
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		t.Fatalf("no samples of %s", p.Category)
	}
	return out
}

// grain is how fine a column is: digits behind the point of a decimal or of the second, and whether it is a binary32.
type grain struct {
	digits int
	single bool
}

// grainOf reads it from the declaration, not from what the connector says.
func grainOf(s side) grain {
	args := ""
	if _, rest, ok := strings.Cut(s.typ, "("); ok {
		args, _, _ = strings.Cut(rest, ")")
	}
	last := args[strings.LastIndex(args, ",")+1:]
	n, err := strconv.Atoi(strings.TrimSpace(last))
	switch {
	case strings.HasPrefix(s.typ, "numeric"), strings.HasPrefix(s.typ, "datetime"), strings.HasPrefix(s.typ, "timestamp"):
		if err == nil {
			return grain{digits: n}
		}
		if s.engine == postgres {
			return grain{digits: 6} // only times stand without digits there
		}
		return grain{}
	case s.typ == "real", s.typ == "float" && s.engine == mysql:
		return grain{digits: 99, single: true}
	}
	return grain{digits: 99}
}

// entryOf makes the entry of a pair, given what the source holds of its samples.
func (p *typePair) entryOf(t *testing.T, samples []string, held *value.Vector) entry {
	t.Helper()
	l, r := p.sides()
	e := entry{section: p.Category, l: l, r: r}
	for k, s := range samples {
		if held.IsNull(k) || held.IsErr(k) {
			t.Fatalf("%s: %s is lost", l, s)
		}
		for _, x := range asWritten(held.Value(k), grainOf(l).single, p) {
			e.same = append(e.same, [2]string{s, x})
		}
		for _, x := range elsewhere(t, held.Value(k), grainOf(l), grainOf(r), p) {
			e.differ = append(e.differ, [2]string{s, x})
		}
	}
	return e
}

// asWritten are the texts by which a program may carry a value to the target.
func asWritten(v value.Value, single bool, p *typePair) []string {
	switch p.Category {
	case "datetime":
		return []string{v.Time().Format("2006-01-02 15:04:05.999999")}
	case "boolean":
		return []string{flagText(truth(v), p.TargetDB)}
	case "float":
		if v.Kind() == value.Double && single {
			return []string{strconv.FormatFloat(v.Double(), 'g', -1, 32), strconv.FormatFloat(v.Double(), 'g', -1, 64)}
		}
	}
	if v.Kind() == value.Bytes {
		return []string{v.Str()}
	}
	return []string{v.Text()}
}

func truth(v value.Value) bool {
	if v.Kind() == value.Bool {
		return v.Bool()
	}
	return v.Int() != 0
}

func flagText(b bool, db string) string {
	switch {
	case db == "PostgreSQL":
		return strconv.FormatBool(b)
	case b:
		return "1"
	}
	return "0"
}

// elsewhere are texts of values that the coarser of both columns tells from v.
func elsewhere(t *testing.T, v value.Value, l, r grain, p *typePair) []string {
	t.Helper()
	digits := min(l.digits, r.digits)
	switch p.Category {
	case "int":
		return []string{strconv.FormatInt(v.Int()+1, 10), strconv.FormatInt(v.Int()-1, 10), nothing}
	case "boolean":
		return []string{flagText(!truth(v), p.TargetDB), nothing}
	case "uuid_string":
		s := v.Str()
		twin := strings.ToUpper(s)
		if twin == s {
			twin = strings.ToLower(s)
		}
		out := []string{s[:35] + map[bool]string{true: "1", false: "0"}[s[35] != '1'], s[:35], nothing}
		if twin != s {
			out = append(out, twin)
		}
		return out
	case "datetime":
		unit := time.Second / time.Duration(math.Pow10(digits))
		at := v.Time().Truncate(unit)
		format := func(at time.Time) string { return at.Format("2006-01-02 15:04:05.999999") }
		return []string{format(at.Add(2 * unit)), format(at.Add(-unit)), nothing}
	}
	x := v.Decimal()
	if v.Kind() == value.Double {
		d, err := value.DecFromFloat(v.Double())
		if err != nil {
			t.Fatal(err)
		}
		x = d
	}
	// A step of the coarser decimal, or a millionth where a binary32 is coarser than that.
	step := x.Abs().Mul(value.NewDec(1, 6))
	if digits < 99 {
		if unit := value.NewDec(1, int32(digits)); unit.Cmp(step) > 0 {
			step = unit
		}
		x = x.Round(int32(digits))
	}
	if step.Sign() == 0 {
		step = value.NewDec(1, 3)
	}
	return []string{x.Add(step).String(), x.Sub(step).String(), nothing}
}

// fieldEntries puts the samples of all pairs into their sources and returns the entries by what is held there.
func fieldEntries(t *testing.T, all map[engine]*server) []entry {
	t.Helper()
	pairs := typePairs(t)
	var probes []*column
	for i := range pairs {
		l, _ := pairs[i].sides()
		probes = append(probes, &column{side: l, cells: pairs[i].samples(t)})
	}
	place(t, all, probes)
	var entries []entry
	for i := range pairs {
		e := pairs[i].entryOf(t, probes[i].cells, read(t, all[probes[i].engine].source, probes[i]))
		if len(e.same) < 4 || len(e.differ) < 4 {
			t.Fatalf("%s beside %s: %d equal rows, %d different ones", e.l, e.r, len(e.same), len(e.differ))
		}
		entries = append(entries, e)
	}
	return entries
}
