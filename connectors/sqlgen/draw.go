package sqlgen

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/value"
)

// HashDialect is a DigestDialect whose engine orders rows by the hashes of their keys.
type HashDialect interface {
	DigestDialect
	// Hash renders digest.Hash of row, the octets that Row gave, as digest.HashSize octets; never NULL. A row that the engine cannot encode comes last.
	Hash(w *Writer, seed uint64, row string) string
}

// Draw renders q as one statement: its columns, then the hash. The error is a *query.Refusal where the engine cannot say it exactly.
func Draw(d HashDialect, q digest.Draw) (Statement, error) {
	w := NewWriter(d)
	row, err := w.encoding(d, q.Key)
	if err != nil {
		return Statement{}, err
	}
	hash := d.Hash(w, q.Seed, row)
	from, err := From(d, q.From.Dataset, w.alias(0))
	if err != nil {
		return Statement{}, err
	}
	conds, refusal := w.conjuncts(q.Where, false)
	if refusal != nil {
		return Statement{}, refusal
	}
	if q.Below > 0 {
		below, refusal := w.Param(value.BytesValue(binary.BigEndian.AppendUint64(nil, q.Below)))
		if refusal != nil {
			return Statement{}, refusal
		}
		conds = append(conds, Operand{SQL: hash + " < " + below, Prec: PrecCompare})
	}
	outs := make([]string, 0, len(q.Columns)+1)
	for i, c := range q.Columns {
		o, refusal := w.column(c)
		if refusal != nil {
			return Statement{}, refusal
		}
		outs = append(outs, d.Output(o)+" AS c"+strconv.Itoa(i))
	}
	outs = append(outs, hash+" AS h")
	sql := "SELECT " + strings.Join(outs, ", ") + "\nFROM " + from + where(conds) + "\nORDER BY h"
	if q.N > 0 {
		sql += "\nLIMIT " + strconv.Itoa(q.N)
	}
	return w.Finish(sql), nil
}
