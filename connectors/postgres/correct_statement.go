package postgres

import (
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// unnest gathers the arrays that a statement is given: one a column, whatever the number of rows.
type unnest struct {
	names   []string
	params  []string
	args    [][]byte
	formats []int16
}

// add passes n values of a column under a name.
func (u *unnest) add(name string, w *wire, n int, at func(i int) value.Value) *guarded.RefusedError {
	b, bad, err := w.array(n, at)
	if err != nil {
		return &guarded.RefusedError{At: []int{bad}, Err: err}
	}
	u.names = append(u.names, name)
	u.params = append(u.params, "$"+strconv.Itoa(len(u.args)+1)+"::"+w.name+"[]")
	u.args, u.formats = append(u.args, b), append(u.formats, 1)
	return nil
}

// from renders the rows as an item of FROM called u, whose column p counts them from 1.
func (u *unnest) from() string {
	return "unnest(" + strings.Join(u.params, ", ") + ") WITH ORDINALITY AS u(" + strings.Join(u.names, ", ") + ", p)"
}

// keysOf passes the keys as k0, k1, ...
func (l *lookup) keysOf(u *unnest, n int, at func(i int) []value.Value) *guarded.RefusedError {
	for k, w := range l.keys {
		if err := u.add("k"+strconv.Itoa(k), w, n, func(i int) value.Value { return at(i)[k] }); err != nil {
			return err
		}
	}
	return nil
}

// selectRows renders the statement that reads the rows of keys from an item of FROM called t.
func (l *lookup) selectRows(from string, keys [][]value.Value) (statement, error) {
	var u unnest
	if err := l.keysOf(&u, len(keys), func(i int) []value.Value { return keys[i] }); err != nil {
		return statement{}, err
	}
	st := statement{args: u.args, formats: u.formats, outs: []output{{typ: value.Of(value.Int)}}}
	outs, plain := []string{}, []string{}
	for i, w := range l.cols {
		outs = append(outs, w.output("t")+" AS c"+strconv.Itoa(i))
		plain = append(plain, "x.c"+strconv.Itoa(i))
		st.outs = append(st.outs, w.result())
	}
	if len(outs) == 0 {
		outs = append(outs, "1")
	}
	plain = append([]string{"u.p"}, plain...)
	inner := "SELECT " + strings.Join(outs, ", ") + " FROM " + from + " WHERE " + l.keyed()
	if l.indexed {
		inner += " OFFSET 0" // a fence: for every key by the index, however many keys there are
	}
	st.text = "SELECT " + strings.Join(plain, ", ") + "\nFROM " + u.from() + " CROSS JOIN LATERAL (" + inner + ") AS x"
	return st, nil
}

// keyed says that a row of the table called t has the key of u.
func (l *lookup) keyed() string {
	conds := make([]string, len(l.keys))
	for k, w := range l.keys {
		conds[k] = w.keyed("t", "u.k"+strconv.Itoa(k))
	}
	return strings.Join(conds, " AND ")
}

// column names the wire's column of the table called alias.
func (w *wire) column(alias string) string { return alias + "." + dialect{}.QuoteIdent(w.col.Name) }

// result says how the column comes back.
func (w *wire) result() output {
	return output{typ: w.col.Type, meta: w.meta, opts: decoderOptions{zone: w.zone}}
}

// output renders the column as it comes back.
func (w *wire) output(alias string) string {
	if w.meta.expr != "" {
		return strings.ReplaceAll(w.meta.expr, "%s", w.column(alias))
	}
	return w.column(alias)
}

// keyed renders that the column equals v, which is not null: such that an index serves, and exactly.
func (w *wire) keyed(alias, v string) string {
	col := w.column(alias)
	switch {
	case w.meta.expr != "":
		if strings.Contains(w.col.Native, "bit") {
			return w.is(alias, v)
		}
		return col + " = " + v + "::" + w.col.Native + " AND " + w.is(alias, v)
	case w.enum():
		return col + " = " + v + "::" + w.col.Native
	case w.meta.family == famBpchar && w.meta.deterministic:
		return col + " = " + v + "::bpchar"
	case w.meta.family == famBpchar:
		return col + " = " + v + "::bpchar AND " + w.is(alias, v)
	case w.meta.family == famText && !w.meta.deterministic && w.meta.oid != oidName, w.meta.family == famInterval:
		return col + " = " + v + " AND " + w.is(alias, v)
	}
	return col + " = " + v
}

// enum reports whether the column's type is one of the database's own that holds texts.
func (w *wire) enum() bool {
	return w.meta.expr == "" && w.meta.family == famText && w.meta.oid != oidText && w.meta.oid != oidVarchar && w.meta.oid != oidName
}

const same = " IS NOT DISTINCT FROM "

// is renders that the column's cell is v, null for null: bytewise for texts, by value for numbers and times.
func (w *wire) is(alias, v string) string {
	col := w.column(alias)
	switch w.meta.family {
	case famText:
		switch {
		case w.meta.expr != "" || w.enum() || w.meta.oid == oidName:
			return "(" + w.output(alias) + `)::text COLLATE "C"` + same + v
		case !w.meta.deterministic:
			return col + ` COLLATE "C"` + same + v
		}
	case famBpchar:
		if !w.meta.deterministic {
			return col + ` COLLATE "C"` + same + v + "::bpchar"
		}
		return col + same + v + "::bpchar"
	case famInterval:
		// PostgreSQL takes a month for thirty days; a cell with months is none that assay knows.
		return "(" + col + same + v + " AND (" + col + " IS NULL OR date_trunc('month', " + col + ") = '0'::interval))"
	case famJSONB:
		return col + same + v + "::jsonb"
	case famJSON:
		// By content, but for texts that jsonb would not take or take otherwise: those are compared by their bytes.
		return "CASE WHEN " + col + " IS NULL OR " + v + " IS NULL THEN " + col + " IS NULL AND " + v + " IS NULL WHEN " + col + `::text COLLATE "C" = ` + v +
			" THEN TRUE WHEN strpos(" + col + `::text, '\u') > 0 OR strpos(` + v + `, '\u') > 0 THEN FALSE ELSE ` + col + "::jsonb = " + v + "::jsonb END"
	case famArray:
		list := w.list(v)
		if w.meta.elemf == famJSON {
			return "(" + col + `)[:]::text[] COLLATE "C"` + same + v + "::text[]"
		}
		if w.meta.elemf == famText || w.meta.elemf == famBpchar {
			return "(" + col + `)[:]::text[] COLLATE "C"` + same + v + "::text[]"
		}
		return "(" + col + ")[:]" + same + list // the slice counts from 1, as assay's lists do
	default:
	}
	return col + same + v
}

// list renders a text as an array of the column's elements, without a length that the cast would cut them to.
func (w *wire) list(v string) string {
	if name, ok := elementNames[w.meta.elem]; ok {
		return v + "::" + name + "[]"
	}
	return v + "::" + w.col.Native
}

var elementNames = map[uint32]string{
	oidBool: "bool", oidBytea: "bytea", oidName: "name", oidInt8: "int8", oidInt2: "int2", oidInt4: "int4", oidText: "text", oidOID: "oid", oidJSON: "json",
	oidFloat4: "float4", oidFloat8: "float8", oidBpchar: "bpchar", oidVarchar: "varchar", oidDate: "date", oidTime: "time", oidTimestamp: "timestamp",
	oidTimestamptz: "timestamptz", oidNumeric: "numeric", oidUUID: "uuid", oidJSONB: "jsonb",
}

// assigned renders v as what is written to the column. A cast to a type with a length would cut; assignment refuses.
func (w *wire) assigned(v string) string {
	switch {
	case strings.HasPrefix(w.col.Native, "bit") && w.meta.expr != "":
		return v + "::varbit"
	case w.meta.expr != "", w.enum():
		return v + "::" + w.col.Native
	case w.meta.family == famJSON:
		return v + "::json"
	case w.meta.family == famJSONB:
		return v + "::jsonb"
	case w.meta.family == famArray:
		return w.list(v)
	}
	return v
}

// change renders one statement for all changes, which returns the position of each, or its key where it inserts, and the target's columns as they are then.
func (c *correction) change(changes []connectors.Change) (statement, *guarded.RefusedError) {
	var u unnest
	n := len(changes)
	first := &changes[0]
	if err := c.keysOf(&u, n, func(i int) []value.Value { return changes[i].Key }); err != nil {
		return statement{}, err
	}
	var guards, sets, names, news, outs []string
	for k, w := range c.keys {
		names, news = append(names, dialect{}.QuoteIdent(w.col.Name)), append(news, w.assigned("u.k"+strconv.Itoa(k)))
	}
	if first.Action != connectors.Insert {
		for b, w := range c.cols {
			name := "b" + strconv.Itoa(b)
			if err := u.add(name, w, n, func(i int) value.Value { return changes[i].Before[b] }); err != nil {
				return statement{}, err
			}
			guards = append(guards, w.is("t", "u."+name))
		}
	}
	for _, set := range first.Set {
		w, name := c.cols[set], "a"+strconv.Itoa(set)
		if err := u.add(name, w, n, func(i int) value.Value { return changes[i].After[set] }); err != nil {
			return statement{}, err
		}
		ident, v := dialect{}.QuoteIdent(w.col.Name), w.assigned("u."+name)
		names, news, sets = append(names, ident), append(news, v), append(sets, ident+" = "+v)
	}
	st := statement{args: u.args, formats: u.formats, writes: true}
	returned := c.returned(first)
	where := strings.Join(append([]string{c.keyed()}, guards...), " AND ")
	switch first.Action {
	case connectors.Insert:
		st.text = "INSERT INTO " + c.name() + " AS t (" + strings.Join(names, ", ") + ") OVERRIDING SYSTEM VALUE\nSELECT " + strings.Join(news, ", ") +
			"\nFROM " + u.from() + "\nWHERE NOT EXISTS (SELECT FROM " + c.name() + " AS t WHERE " + c.keyed() + ")"
		for _, w := range c.keys {
			outs, st.outs = append(outs, w.output("t")), append(st.outs, w.result())
		}
	case connectors.Update:
		st.text = "UPDATE " + c.name() + " AS t SET " + strings.Join(sets, ", ") + "\nFROM " + u.from() + "\nWHERE " + where
		outs, st.outs = append(outs, "u.p"), append(st.outs, output{typ: value.Of(value.Int)})
	default:
		st.text = "DELETE FROM " + c.name() + " AS t\nUSING " + u.from() + "\nWHERE " + where
		outs, st.outs = append(outs, "u.p"), append(st.outs, output{typ: value.Of(value.Int)})
	}
	for _, i := range returned {
		outs, st.outs = append(outs, c.cols[i].output("t")), append(st.outs, c.cols[i].result())
	}
	st.text += "\nRETURNING " + strings.Join(outs, ", ")
	return st, nil
}

// returned are the positions of the target's columns that a statement returns: all that are not as the guard says they were. What triggers make of a row is read
// afterwards.
func (c *correction) returned(ch *connectors.Change) []int {
	var out []int
	for i, w := range c.cols {
		switch {
		case ch.Action == connectors.Delete || c.layout.Triggers:
		case ch.Action == connectors.Insert, slices.Contains(ch.Set, i), c.writings[w.col.Name].Generated:
			out = append(out, i)
		}
	}
	return out
}

// name is the table's quoted name.
func (c *correction) name() string {
	name, err := sqlgen.QuoteName(dialect{}, c.target.Relation.Dataset.Table)
	if err != nil {
		return "" // cannot be: layout has split the same name
	}
	return name
}
