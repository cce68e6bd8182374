package elasticsearch

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/value"
)

// randomJSON writes a value, of any form that a server may answer with.
func randomJSON(r *rand.Rand, depth int) string {
	texts := []string{``, `a`, `},"sort":[1]`, `\"`, `\\`, `\\\"`, `1234567`, `12345678`, `1234567\"`, `12345678\"`, `[{`, `\u00e9é`, `{"_id":\"x`, strings.Repeat("long ", 9)}
	for i, x := range texts {
		texts[i] = strings.ReplaceAll(strings.ReplaceAll(x, `\"`, "\x00"), `"`, `\"`)
		texts[i] = strings.ReplaceAll(texts[i], "\x00", `\"`)
	}
	switch n := r.IntN(10); {
	case n < 3:
		return `"` + texts[r.IntN(len(texts))] + texts[r.IntN(len(texts))] + `"`
	case n < 5:
		return randomNumber(r)
	case n == 5:
		return []string{"true", "false", "null"}[r.IntN(3)]
	case n == 6 && depth > 0:
		out := make([]string, r.IntN(3))
		for i := range out {
			out[i] = randomJSON(r, depth-1)
		}
		return "[" + strings.Join(out, ",") + "]"
	case depth > 0:
		out := make([]string, r.IntN(3))
		for i := range out {
			out[i] = fmt.Sprintf(`"k%d":%s`, i, randomJSON(r, depth-1))
		}
		return "{" + strings.Join(out, ",") + "}"
	}
	return `"short"`
}

func randomNumber(r *rand.Rand) string {
	switch r.IntN(5) {
	case 0:
		return strconv.FormatInt(int64(r.Uint64()), 10)
	case 1:
		return strconv.FormatFloat(math.Float64frombits(r.Uint64()&^(1<<62)), 'g', -1, 64)
	case 2:
		return "-0"
	case 3:
		return strconv.FormatFloat(float64(r.IntN(1e9))/100, 'f', r.IntN(6), 64)
	}
	return strconv.Itoa(r.IntN(1000) - 500)
}

// TestShortNumbers holds the short way to numbers to strconv's, to the bit.
func TestShortNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	short := 0
	for range 200_000 {
		text := randomNumber(r)
		got, ok := parseShort([]byte(text))
		if !ok {
			continue
		}
		short++
		if want, err := strconv.ParseFloat(text, 64); err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%s is read as %v, want %v", text, got, want)
		}
	}
	if short < 50_000 {
		t.Errorf("only %d numbers were short", short)
	}
	for _, text := range []string{"", "-", ".", "1.", ".5", "1e3", "1..2", "--1", "1234567890123456", "NaN", "0x1"} {
		if x, ok := parseShort([]byte(text)); ok {
			t.Errorf("%q is read as %v", text, x)
		}
	}
}

// TestFrames holds the parts of hits to those of encoding/json, whatever comes between them, and in whatever order.
func TestFrames(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 3000 {
		form := r.Perm(5)
		var hits []string
		for i := range r.IntN(6) {
			if r.IntN(4) == 0 {
				form = r.Perm(5)
			}
			parts := []string{`"_index":"i"`, fmt.Sprintf(`"_id":"%d"`, i), `"_score":null`, `"_source":{"a":` + randomJSON(r, 3) + `}`, fmt.Sprintf(`"sort":[%d]`, i)}
			if r.IntN(8) == 0 {
				parts[2] = `"_ignored":["a"],"fields":{"x":["\"sort\":[7]"]}`
			}
			var text []string
			for _, at := range form {
				text = append(text, parts[at])
			}
			hits = append(hits, "{"+strings.Join(text, ",")+"}")
		}
		body := `{"took":1,"hits":{"max_score":null,"hits":[` + strings.Join(hits, ",") + `]},"timed_out":false}`
		var want struct {
			Hits struct {
				Hits []struct {
					ID     json.RawMessage `json:"_id"`
					Source json.RawMessage `json:"_source"`
					Sort   json.RawMessage `json:"sort"`
				} `json:"hits"`
			} `json:"hits"`
		}
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var p page
		if err := frame(&scanner{data: []byte(body)}, &p); err != nil || len(p.hits) != len(want.Hits.Hits) {
			t.Fatalf("%s: %d hits, %v", body, len(p.hits), err)
		}
		for i, w := range want.Hits.Hits {
			if h := p.hits[i]; string(h.id) != string(w.ID) || string(h.source) != string(w.Source) || string(h.sort) != string(w.Sort) {
				t.Fatalf("%s: hit %d is %s %s %s", body, i, h.id, h.source, h.sort)
			}
		}
	}
}

// TestDecodeAgainstParse holds documents of members in any order, with other members between them, to what each value is by itself.
func TestDecodeAgainstParse(t *testing.T) {
	t.Run("within an object", func(t *testing.T) {
		decodeAgainstParse(t, []string{"in"}, []codec{codecInt, codecString, codecDouble, codecBool, codecUint, codecJSON}, 10)
	})
	t.Run("flat", func(t *testing.T) {
		decodeAgainstParse(t, nil, []codec{codecInt, codecString, codecDouble, codecBool, codecUint}, 1000)
	})
}

// decodeAgainstParse has members that are not read, and lacks others, one time in oddity.
func decodeAgainstParse(t *testing.T, path []string, kinds []codec, oddity int) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 5))
	fields := make([]*field, 8)
	types := make([]value.Type, len(fields))
	for i := range fields {
		name := "f" + strings.Repeat("x", i%3) + strconv.Itoa(i)
		fields[i] = &field{name: name, source: append(slices.Clone(path), name), codec: kinds[i%len(kinds)], typ: "any"}
		types[i] = value.Of(fields[i].codec.kind())
	}
	d := newDecoder(fields, types)
	got, want := new(value.Batch), value.NewBatch(types...)
	for i := range fields {
		resetVector(&want.Cols[i], types[i], 0)
	}
	decoded, straight := 0, 0
	order := r.Perm(len(fields))
	for range 3000 {
		var members []string
		cells := map[int]string{}
		if r.IntN(20) == 0 || len(path) > 0 {
			order = r.Perm(len(fields))
		}
		for _, i := range order {
			depth := 0
			if len(path) > 0 || r.IntN(50) == 0 {
				depth = 1
			}
			raw := randomJSON(r, depth)
			switch {
			case r.IntN(oddity) == 0:
				members = append(members, `"other":`+raw)
			case r.IntN(oddity) > 0 && raw[0] != '[':
				gap := ""
				if r.IntN(3*oddity) == 0 {
					gap = " "
				}
				members = append(members, `"`+fields[i].name+`"`+gap+":"+gap+raw)
				if raw != "null" {
					cells[i] = raw
				}
			}
		}
		source := "{" + strings.Join(members, ",") + "}"
		if len(path) > 0 {
			source = `{"in":` + source + "}"
		}
		if d.straight([]byte(source)) {
			straight++
		}
		for i, f := range fields {
			p := parsed{null: true}
			if raw, ok := cells[i]; ok {
				var err error
				if p, err = f.parse([]byte(raw), nil, true); err != nil {
					t.Fatal(err)
				}
			}
			resetVector(&want.Cols[i], types[i], 1)
			appendParsed(&want.Cols[i], f.codec, p)
		}
		want.N = 1
		if err := d.batch(got, []hit{{source: []byte(source)}}, true, -1); err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		for i := range fields {
			if a, b := got.Cols[i].Errs.Get(0), want.Cols[i].Errs.Get(0); a != b {
				t.Fatalf("%s: column %d in error: %v, want %v", source, i, a, b)
			}
			if want.Cols[i].Errs.Get(0) {
				continue
			}
			if a, b := fmt.Sprintf("%#v", got.Row(0)[i]), fmt.Sprintf("%#v", want.Row(0)[i]); a != b {
				t.Fatalf("%s: column %d:\n%s", source, i, cmp.Diff(b, a))
			}
			decoded++
		}
	}
	if decoded < 5_000 || (straight > 100) != (len(path) == 0) {
		t.Errorf("%d values were compared, %d documents read straight", decoded, straight)
	}
}
