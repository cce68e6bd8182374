package sqlgen

import (
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
)

// DigestDialect is a Dialect whose engine hashes rows.
type DigestDialect interface {
	Dialect
	// Encode renders what canon.Form.Append appends for the cell o of c, or refuses where no SQL says exactly that. It is not NULL unless the
	// engine cannot build a text of that length. See EncodeCell.
	Encode(w *Writer, c digest.Cell, o Operand) (string, *query.Refusal)
	// Row renders the encodings of a row's cells, as Encode gave them, one behind the other, as octets.
	Row(cells []string) string
	// Sums assembles the statement over the rows of from (FROM and WHERE), step being the number of the range of one and row its encoding. It
	// gives a row for each range with the columns of digest.Columns, or whatever its connector reads. A row whose encoding is NULL counts as one that is not hashed.
	Sums(step, row, from string) string
}

// EncodeCell renders the encoding of a cell of which framed is that of a value: never NULL where o holds one. With lossy, framed may be NULL
// there too, and the whole then is.
func EncodeCell(o Operand, side canon.Side, framed string, lossy bool) string {
	bad, null := BadCell(side), isNull(o)
	switch {
	case null == "" && o.OK == "":
		return framed
	case lossy && o.OK == "":
		return "CASE WHEN " + null + " THEN 'n' ELSE " + framed + " END"
	case lossy:
		return "CASE WHEN " + o.OK + " THEN CASE WHEN " + null + " THEN 'n' ELSE " + framed + " END ELSE " + bad + " END"
	case o.OK == "":
		return "COALESCE(" + framed + ", 'n')"
	case null == "" || null == "FALSE":
		return "COALESCE(" + framed + ", " + bad + ")"
	}
	return "COALESCE(" + framed + ", CASE WHEN " + null + " THEN 'n' ELSE " + bad + " END)"
}

// BadCell renders the encoding of a cell in error, which equals none of the other side's.
func BadCell(side canon.Side) string {
	if side == canon.Right {
		return "'er'"
	}
	return "'el'"
}

// Digest renders q as one statement. The error is a *query.Refusal where the engine cannot say it exactly.
func Digest(d DigestDialect, q digest.Request) (Statement, error) {
	w := NewWriter(d)
	row, err := w.encoding(d, q.Cells)
	if err != nil {
		return Statement{}, err
	}
	step, err := w.step(q.Steps)
	if err != nil {
		return Statement{}, err
	}
	from, err := w.rowsOf(q.From, q.Where)
	if err != nil {
		return Statement{}, err
	}
	return w.Finish(d.Sums(step, row, from)), nil
}

// Encodings renders the encodings that Digest hashes, a row each behind the plain column beside, so that tests can compare them.
func Encodings(d DigestDialect, q digest.Request, beside *query.Column) (Statement, error) {
	w := NewWriter(d)
	row, err := w.encoding(d, q.Cells)
	if err != nil {
		return Statement{}, err
	}
	o, refusal := w.column(beside)
	if refusal != nil {
		return Statement{}, refusal
	}
	from, err := w.rowsOf(q.From, q.Where)
	if err != nil {
		return Statement{}, err
	}
	return w.Finish("SELECT " + d.Output(o) + " AS c0, " + row + " AS c1" + from), nil
}

// encoding renders that of a row.
func (w *Writer) encoding(d DigestDialect, cells []digest.Cell) (string, error) {
	parts := make([]string, len(cells))
	for i, c := range cells {
		o, refusal := w.column(c.Column)
		if refusal != nil {
			return "", refusal
		}
		if parts[i], refusal = d.Encode(w, c, o); refusal != nil {
			return "", located(refusal, c.Column)
		}
	}
	return d.Row(parts), nil
}

// step renders the number of the range of a row: a search among the conditions, which need not be tried one after another.
func (w *Writer) step(steps []query.Expr) (string, error) {
	conds := make([]string, len(steps))
	for i, s := range steps {
		o, refusal := w.Truth(s)
		if refusal != nil {
			return "", refusal
		}
		conds[i] = o.SQL
	}
	return search(conds, 0), nil
}

// search renders the number, from first on, of the first condition that is TRUE; that behind the last where none is.
func search(conds []string, first int) string {
	if len(conds) == 0 {
		return strconv.Itoa(first)
	}
	half := len(conds) / 2
	return "CASE WHEN " + conds[half] + " THEN " + search(conds[:half], first) + " ELSE " + search(conds[half+1:], first+half+1) + " END"
}

// rowsOf renders FROM and WHERE.
func (w *Writer) rowsOf(rel query.Relation, e query.Expr) (string, error) {
	from, err := From(w.d, rel.Dataset, w.alias(0))
	if err != nil {
		return "", err
	}
	conds, refusal := w.conjuncts(e, false)
	if refusal != nil {
		return "", refusal
	}
	return "\nFROM " + from + where(conds), nil
}

// Repeats renders the number of keys of more than one row in each range of q: columns for the number of the range and for that of the keys.
func Repeats(d Dialect, q digest.Request) (Statement, error) {
	w := NewWriter(d)
	step, err := w.step(q.Steps)
	if err != nil {
		return Statement{}, err
	}
	from, err := w.rowsOf(q.From, q.Where)
	if err != nil {
		return Statement{}, err
	}
	groups := []string{"1"}
	for _, name := range q.From.Dataset.Key {
		c, index := q.From.Schema.Column(name)
		if index < 0 {
			return Statement{}, Refuse(d, "repeated keys of an unknown column", nil)
		}
		o, refusal := w.column(&query.Column{Index: index, Col: c})
		if refusal != nil {
			return Statement{}, refusal
		}
		key, refusal := d.GroupKey(w, o)
		if refusal != nil {
			return Statement{}, refusal
		}
		groups = append(groups, key)
	}
	return w.Finish("SELECT s, count(*) AS n\nFROM (SELECT " + step + " AS s" + from +
		"\nGROUP BY " + strings.Join(groups, ", ") + "\nHAVING count(*) > 1) AS k\nGROUP BY s"), nil
}

// CutKeys renders the keys at which q cuts, in ascending order.
func CutKeys(d Dialect, q digest.Cut) (Statement, error) {
	w := NewWriter(d)
	from, err := w.rowsOf(q.From, q.Where)
	if err != nil {
		return Statement{}, err
	}
	ordered := q.From
	ordered.Dataset.Key = nil
	var inner, outer []string
	for i, c := range q.Columns {
		o, refusal := w.column(c)
		if refusal != nil {
			return Statement{}, refusal
		}
		ordered.Dataset.Key = append(ordered.Dataset.Key, c.Col.Name)
		name := "c" + strconv.Itoa(i)
		inner, outer = append(inner, d.Output(o)+" AS "+name), append(outer, name)
	}
	order, err := w.keyOrder(ordered)
	if err != nil {
		return Statement{}, err
	}
	return w.Finish("SELECT " + strings.Join(outer, ", ") + "\nFROM (SELECT " + strings.Join(inner, ", ") +
		", row_number() OVER (" + strings.TrimSpace(order) + ") AS n" + from + ") AS k\nWHERE n % " + strconv.FormatInt(max(q.Every, 1), 10) + " = 0\nORDER BY n"), nil
}

// UUIDPattern is a regular expression for what canon takes for a UUID in a text, given how the engine writes braces and the end of a text.
func UUIDPattern(opening, closing, end string) string {
	hex := func(n int) string { return "[0-9a-fA-F]{" + strconv.Itoa(n) + "}" }
	plain := "(" + hex(32) + "|" + strings.Join([]string{hex(8), hex(4), hex(4), hex(4), hex(12)}, "-") + ")"
	return "^([uU][rR][nN]:[uU][uU][iI][dD]:" + plain + "|" + opening + plain + closing + "|" + plain + ")" + end
}
