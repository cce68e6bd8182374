package run_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// keyForm is what a key may be made of: a column of the row and one of the partner, and what is one key to people.
type keyForm struct {
	left, right value.Kind
	canon       func(value.Value) string
}

func number(v value.Value) string {
	r, ok := new(big.Rat).SetString(v.Text())
	if !ok {
		panic(v.Text())
	}
	return r.RatString()
}

func keyForms() []keyForm {
	text := func(v value.Value) string { return v.Str() }
	plain := func(v value.Value) string { return v.Text() }
	return []keyForm{
		{value.Int, value.Int, number},
		{value.Int, value.Decimal, number},
		{value.Decimal, value.Int, number},
		{value.Decimal, value.Decimal, number},
		{value.Int, value.Uint, number},
		{value.String, value.String, text},
		{value.String, value.Bytes, text},
		{value.Timestamp, value.Timestamp, plain},
		{value.Bool, value.Bool, plain},
		{value.Duration, value.Duration, plain},
	}
}

// keyValue is key n of few: the same number in another guise now and then.
func keyValue(r *rand.Rand, k value.Kind, n int) value.Value {
	texts := []string{"", "a", "A", "a ", "\u00e4", "a\u0308", "<null>", "x|y", "0", "\U0001F600", "ß", "ss", "null", "é"}
	switch k {
	case value.Int:
		return value.IntValue(int64(n))
	case value.Uint:
		return value.UintValue(uint64(n))
	case value.Decimal:
		if r.IntN(4) == 0 {
			return value.DecimalValue(value.NewDec(int64(n)*10+int64(r.IntN(2)*5), 1)) // n, or n and a half
		}
		return value.DecimalValue(value.NewDec(int64(n)*100, 2))
	case value.String:
		return value.StringValue(texts[n%len(texts)] + strings.Repeat("z", n/len(texts)))
	case value.Bytes:
		return value.BytesValue([]byte(texts[n%len(texts)] + strings.Repeat("z", n/len(texts))))
	case value.Timestamp:
		return value.TimestampValue(time.Unix(int64(n)*86400-1e9, int64(n%3)*1000))
	case value.Bool:
		return value.BoolValue(n%2 == 0)
	case value.Duration:
		return value.DurationValue(time.Duration(n) * time.Second)
	default:
		panic(k)
	}
}

// joinCase is a random expectation over random tables, with what plain maps say of it.
type joinCase struct {
	left     connectortest.Table
	partners []connectortest.Table
	e        spec.Expectation
	unique   bool // a constraint says so
	seed     int
	want     joinWant
}

type joinWant struct {
	repeated                                             bool
	t, f, undecided, byNull, whereUndecided, skippedNull int64
	orphans, skipped, nullKeys                           int64
	aliases                                              map[string]int64
	keys                                                 map[int64]string // id of every failing row: its class
}

func null() connectortest.Cell { return connectortest.Cell{} }

func cellOf(v value.Value) connectortest.Cell { return connectortest.Cell{Value: v} }

func maybe(r *rand.Rand, v value.Value) connectortest.Cell {
	if r.IntN(6) == 0 {
		return null()
	}
	return cellOf(v)
}

// tern is a truth value: 1, 0, or -1 for undecided by null.
type tern int

func (a tern) and(b tern) tern {
	switch {
	case a == 0 || b == 0:
		return 0
	case a == 1 && b == 1:
		return 1
	}
	return -1
}

func less(a, b connectortest.Cell) tern {
	switch {
	case a.IsNull() || b.IsNull():
		return -1
	case a.Int() <= b.Int():
		return 1
	}
	return 0
}

func same(a, b connectortest.Cell) tern {
	if a.IsNull() != b.IsNull() || !a.IsNull() && a.Int() != b.Int() {
		return 0
	}
	return 1
}

// randomJoin draws tables, an expectation and its outcome.
func randomJoin(r *rand.Rand, forms []keyForm) *joinCase {
	c := &joinCase{unique: r.IntN(2) == 0, left: connectortest.Table{Name: "rows", Key: []string{"id"}}}
	c.want.aliases, c.want.keys = map[string]int64{}, map[int64]string{}
	c.left.Columns = []connectortest.Column{{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "v", Type: value.Of(value.Int)}}
	aliases := []string{"p", "other", "q"}[:1+r.IntN(3)]
	spread := []int{1, 3, 12, 40}[r.IntN(4)]
	type side struct {
		at    []int // of the key among the row's columns
		forms []keyForm
		rows  map[string][]connectortest.Cell
		name  string
		opt   bool
	}
	var sides []side
	for n, alias := range aliases {
		s := side{rows: map[string][]connectortest.Cell{}, name: alias, opt: r.IntN(3) == 0}
		tb := connectortest.Table{Name: "partner" + strconv.Itoa(n)}
		j := spec.Join{Alias: spec.Name{Value: alias}, Dataset: spec.Name{Value: tb.Name}, Optional: s.opt, Positional: r.IntN(2) == 0}
		parts := 1 + r.IntN(2)
		for k := range parts {
			f := forms[r.IntN(len(forms))]
			s.forms = append(s.forms, f)
			s.at = append(s.at, len(c.left.Columns))
			name := fmt.Sprintf("k%d_%d", n, k)
			c.left.Columns = append(c.left.Columns, connectortest.Column{Name: name, Type: value.Of(f.left)})
			tb.Columns = append(tb.Columns, connectortest.Column{Name: name, Type: value.Of(f.right), NotNull: c.unique})
			tb.Key = append(tb.Key, name)
			j.Keys = append(j.Keys, spec.JoinKey{Column: spec.Name{Value: name}, Value: diag.Text{Value: "row." + name}})
		}
		tb.Columns = append(tb.Columns, connectortest.Column{Name: "w", Type: value.Of(value.Int)})
		for range r.IntN(spread + 2) {
			row := make([]connectortest.Cell, 0, parts+1)
			key, whole := "", true
			for _, f := range s.forms {
				v := maybe(r, keyValue(r, f.right, r.IntN(spread)))
				if c.unique && v.IsNull() {
					v = cellOf(keyValue(r, f.right, r.IntN(spread)))
				}
				if whole = whole && !v.IsNull(); whole {
					key += strconv.Quote(f.canon(v.Value)) + ","
				}
				row = append(row, v)
			}
			if whole {
				if _, twice := s.rows[key]; twice && (c.unique || r.IntN(12) > 0) {
					continue
				} else if twice {
					c.want.repeated = true
				}
			}
			row = append(row, maybe(r, value.IntValue(int64(r.IntN(4)))))
			if tb.Rows = append(tb.Rows, row); whole {
				s.rows[key] = row
			}
		}
		sides = append(sides, s)
		c.partners = append(c.partners, tb)
		c.e.Joins = append(c.e.Joins, j)
	}
	shape := r.IntN(4)
	where := []string{"", "row.v != 2", "row.v > 0", "p.w != 1", "row.v > 0 && p.w >= 1", "row.v != 2 && row.v <= 2"}[r.IntN(6)]
	c.e.ID, c.e.Dataset, c.e.Where = "joined", "rows", diag.Text{Value: where}
	c.e.Expect = diag.Text{Value: []string{"row.v == p.w", "row.v <= p.w", "row.v <= p.w && p.w == row.v", "true"}[shape]}
	if len(aliases) > 1 && shape == 1 {
		c.e.Expect.Value = "row.v <= p.w && p.w <= other.w"
	}
	c.e.OnNull = []spec.NullPolicy{spec.NullSkip, spec.NullFail, spec.NullPass}[r.IntN(3)]
	c.e.Severity = spec.Error
	for id := range r.IntN(40) {
		row := make([]connectortest.Cell, len(c.left.Columns))
		row[0], row[1] = cellOf(value.IntValue(int64(id))), maybe(r, value.IntValue(int64(r.IntN(4))))
		for _, s := range sides {
			for k, f := range s.forms {
				row[s.at[k]] = maybe(r, keyValue(r, f.left, r.IntN(spread)))
			}
		}
		c.left.Rows = append(c.left.Rows, row)
		// The oracle: first the row's own condition, then the partners, then what names both.
		one, two := cellOf(value.IntValue(1)), cellOf(value.IntValue(2))
		v := row[1]
		own := map[string]tern{"row.v != 2": 1 - same(v, two), "row.v > 0": less(one, v), "row.v > 0 && p.w >= 1": less(one, v), "row.v != 2 && row.v <= 2": (1 - same(v, two)).and(less(v, two))}
		sel, ok := own[where]
		if !ok {
			sel = 1
		}
		w := map[string]connectortest.Cell{}
		var isNull, orphan, missing bool
		for _, s := range sides {
			key, whole := "", true
			for k, f := range s.forms {
				if row[s.at[k]].IsNull() {
					whole = false
					continue
				}
				key += strconv.Quote(f.canon(row[s.at[k]].Value)) + ","
			}
			p, found := s.rows[key]
			switch {
			case !whole:
				isNull = true
			case !found:
				if sel == 1 {
					c.want.aliases[s.name]++
				}
				missing, orphan = true, orphan || !s.opt
			default:
				w[s.name] = p[len(p)-1]
			}
		}
		fails := func(class string) { c.want.keys[int64(id)] = class }
		if isNull || missing {
			switch {
			case sel < 0:
				c.want.whereUndecided++
			case sel == 0:
			case orphan:
				c.want.orphans++
				fails("orphan")
			case isNull:
				c.want.nullKeys++
				if c.e.OnNull == spec.NullSkip {
					c.want.skippedNull++
				} else {
					c.want.undecided, c.want.byNull = c.want.undecided+1, c.want.byNull+1
				}
				if c.e.OnNull == spec.NullFail {
					fails("")
				}
			default:
				c.want.skipped++
			}
			continue
		}
		switch where {
		case "p.w != 1":
			sel = 1 - same(w["p"], one)
		case "row.v > 0 && p.w >= 1":
			sel = sel.and(less(one, w["p"]))
		}
		if sel != 1 {
			if sel < 0 {
				c.want.whereUndecided++
			}
			continue
		}
		holds := []tern{same(v, w["p"]), less(v, w["p"]), less(v, w["p"]).and(same(w["p"], v)), 1}[shape]
		if len(aliases) > 1 && shape == 1 {
			holds = holds.and(less(w["p"], w["other"]))
		}
		switch holds {
		case 1:
			c.want.t++
		case 0:
			c.want.f++
			fails("")
		default:
			c.want.undecided, c.want.byNull = c.want.undecided+1, c.want.byNull+1
			if c.e.OnNull == spec.NullFail {
				fails("")
			}
		}
	}
	return c
}
