package sqlgen

import (
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Plan is a rendered Aggregate: one statement, and how its columns become the request's outputs.
type Plan struct {
	Statement Statement
	// Columns are the types of the statement's columns. A connector decodes the
	// rows as it does those of a Select and gives them to Result.
	Columns []value.Type
	outputs []output
	// doubt is the column that counts the rows for which a guard was missed, -1 where none was left out.
	doubt int
}

// output is one output of the request: a column as it stands, or a sum of counts.
type output struct {
	typ    value.Type
	column int // -1 for counts
	bad    int // the column that is 1 where this one is in error, -1 for none
	terms  []term
}

// term is a count that is added or subtracted; no terms are zero. A count that is NULL is 0.
type term struct {
	column int
	sign   int64
}

// aggregation collects the SQL columns of a statement, each once.
type aggregation struct {
	w       *Writer
	texts   []string
	types   []value.Type
	index   map[string]int
	outputs []output
}

// Aggregate renders q as one statement with as few SQL aggregates as tell all outputs.
// The error is a *query.Refusal where the engine cannot say a measure exactly.
func Aggregate(d Dialect, q query.Aggregate) (*Plan, error) {
	return aggregate(NewWriter(d), q)
}

func aggregate(w *Writer, q query.Aggregate) (*Plan, error) {
	a := &aggregation{w: w, index: map[string]int{}}
	from, err := w.from(q.From)
	if err != nil {
		return nil, err
	}
	groups := make([]string, len(q.GroupBy))
	for i, g := range q.GroupBy {
		key, refusal := a.group(g)
		if refusal != nil {
			return nil, refusal
		}
		groups[i] = key
	}
	for _, m := range q.Measures {
		if refusal := a.measure(m); refusal != nil {
			return nil, refusal
		}
	}
	if len(a.texts) == 0 {
		a.rows(nil) // a statement needs a column, and a group or the whole must give one row
	}
	doubt := a.doubt()
	outs := make([]string, len(a.texts))
	for i, t := range a.texts {
		outs[i] = t + " AS c" + strconv.Itoa(i)
	}
	sql := "SELECT " + strings.Join(outs, ",\n  ") + "\nFROM " + from
	if len(groups) > 0 {
		sql += "\nGROUP BY " + strings.Join(groups, ", ")
	}
	return &Plan{Statement: w.Finish(sql), Columns: a.types, outputs: a.outputs, doubt: doubt}, nil
}

// group adds a group key and returns its text.
func (a *aggregation) group(e query.Expr) (string, *query.Refusal) {
	o, refusal := a.w.Expr(e)
	if refusal != nil {
		return "", refusal
	}
	key, refusal := a.w.d.GroupKey(a.w, o)
	if refusal != nil {
		return "", located(refusal, e)
	}
	ok := okOf(o)
	o.SQL, o.Prec, o.Col = key, PrecOr, nil
	a.texts = append(a.texts, a.w.d.Output(o))
	a.types = append(a.types, e.Type())
	at := len(a.texts)
	a.outputs = append(a.outputs, output{typ: e.Type(), column: at - 1, bad: -1})
	keys := []string{a.key(key, at)}
	if ok != "" {
		// Keys in error make a group of their own, apart from null.
		bad := "CASE WHEN " + ok + " THEN 0 ELSE 1 END"
		a.texts = append(a.texts, a.w.int(bad))
		a.types = append(a.types, value.Of(value.Int))
		a.outputs[len(a.outputs)-1].bad = at
		keys = append(keys, a.key(bad, at+1))
	}
	return strings.Join(keys, ", "), nil
}

// key returns a text for GROUP BY. Not every engine sees that two texts with
// unnumbered parameters are the same: then the position stands for it.
func (a *aggregation) key(text string, position int) string {
	if strings.Contains(text, mark) {
		return strconv.Itoa(position)
	}
	return text
}

func located(r *query.Refusal, e query.Expr) *query.Refusal {
	if r.Span == (query.Span{}) && e != nil {
		r.Span = e.Span()
	}
	return r
}

// add returns the column of an SQL text, adding it where it is new.
func (a *aggregation) add(o Operand) int {
	text := a.w.d.Output(o)
	if i, ok := a.index[text]; ok {
		return i
	}
	a.index[text] = len(a.texts)
	a.texts = append(a.texts, text)
	a.types = append(a.types, o.Type)
	return len(a.texts) - 1
}

// rows adds the count of rows for which all conditions are TRUE, in its cheapest form.
func (a *aggregation) rows(conds []Operand) []term {
	conds = prune(conds)
	sql := "count(*)"
	switch {
	case len(conds) == 1 && conds[0].SQL == "FALSE":
		return nil
	case len(conds) == 1 && conds[0].f.presentSQL != "":
		sql = "count(" + conds[0].f.presentSQL + ")"
	case len(conds) > 0:
		sql = a.w.d.CountIf(joinConds(true, conds).SQL)
	}
	return []term{{a.add(Operand{SQL: sql, Prec: PrecAtom, Type: value.Of(value.Int)}), 1}}
}

// with returns conds and more, without touching the backing array of conds.
func with(conds []Operand, more ...Operand) []Operand {
	out := make([]Operand, 0, len(conds)+len(more))
	return append(append(out, conds...), more...)
}

func minus(ts, us []term) []term {
	out := append([]term(nil), ts...)
	for _, u := range us {
		out = append(out, term{u.column, -u.sign})
	}
	return cancel(out)
}

func plus(ts, us []term) []term { return cancel(append(append([]term(nil), ts...), us...)) }

// cancel leaves out counts that are both added and subtracted.
func cancel(ts []term) []term {
	sum := map[int]int64{}
	order := make([]int, 0, len(ts))
	for _, t := range ts {
		if _, ok := sum[t.column]; !ok {
			order = append(order, t.column)
		}
		sum[t.column] += t.sign
	}
	var out []term
	for _, c := range order {
		if sum[c] != 0 {
			out = append(out, term{c, sum[c]})
		}
	}
	return out
}

func (a *aggregation) counts(outs ...[]term) {
	for _, ts := range outs {
		a.outputs = append(a.outputs, output{typ: value.Of(value.Int), column: -1, bad: -1, terms: ts})
	}
}

// Result turns the decoded rows of the statement into the batch that Aggregate returns.
func (p *Plan) Result(raw *value.Batch) *value.Batch {
	out := &value.Batch{N: raw.N, Cols: make([]value.Vector, len(p.outputs))}
	for i, o := range p.outputs {
		if o.column >= 0 {
			out.Cols[i] = raw.Cols[o.column]
			out.Cols[i].Type = o.typ
			if o.bad >= 0 {
				markBad(&out.Cols[i], &raw.Cols[o.bad])
			}
			continue
		}
		v := value.Vector{Type: o.typ, N: raw.N, Ints: make([]int64, raw.N)}
		for _, t := range o.terms {
			col := &raw.Cols[t.column]
			for row := range raw.N {
				if !col.Nulls.Get(row) {
					v.Ints[row] += t.sign * col.Ints[row]
				}
			}
		}
		out.Cols[i] = v
	}
	return out
}

// markBad turns null elements into elements in error where flags say so.
func markBad(v, flags *value.Vector) {
	for i := range v.N {
		if flags.Ints[i] != 1 {
			continue
		}
		if v.Errs == nil {
			v.Errs = make(value.Bitmap, value.Words(v.N))
		}
		v.Errs.Set(i)
		if v.Nulls.Get(i) {
			v.Nulls[i>>6] &^= 1 << (uint(i) & 63)
		}
	}
}
