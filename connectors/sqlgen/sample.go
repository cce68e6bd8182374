package sqlgen

import (
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// Piece is one SELECT of Pieces.
type Piece struct {
	// From stands behind FROM; its alias is Writer.Alias.
	From string
	// Outs are outputs behind the columns, the same number in every piece.
	Outs []string
	// Conds hold beside the condition of the request; each binds as a comparison does.
	Conds []string
}

// Alias is the alias of the rows of the relation in what a Writer renders: Rel 0.
func (w *Writer) Alias() string { return w.alias(0) }

// Pieces renders the rows of a relation, as parts of it or samples hold them: the columns as Dialect.Output gives them, then Outs, united
// (UNION ALL). after stands behind a single piece: ORDER BY, LIMIT. The error is a *query.Refusal where the engine cannot say the condition.
func Pieces(w *Writer, columns []*query.Column, cond query.Expr, pieces []Piece, after string) (Statement, error) {
	conds, refusal := w.conjuncts(cond, false)
	if refusal != nil {
		return Statement{}, refusal
	}
	outs := make([]string, len(columns))
	for i, c := range columns {
		o, refusal := w.column(c)
		if refusal != nil {
			return Statement{}, refusal
		}
		outs[i] = w.d.Output(o) + " AS c" + strconv.Itoa(i)
	}
	parts := make([]string, len(pieces))
	for i, p := range pieces {
		all := append([]Operand(nil), conds...)
		for _, c := range p.Conds {
			all = append(all, Operand{SQL: c, Prec: PrecCompare})
		}
		parts[i] = "SELECT " + strings.Join(append(append([]string(nil), outs...), p.Outs...), ", ") + "\nFROM " + p.From + where(all)
	}
	return w.Finish(strings.Join(parts, "\nUNION ALL\n") + after), nil
}
