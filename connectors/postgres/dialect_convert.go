package postgres

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// convert renders a conversion; each cast that could raise stands behind a CASE that keeps bad values from it.
// Of literals nothing is converted: lowering folds them, and a cast of one could raise before any CASE.
func (d dialect) convert(c *query.Call, a sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	k := a.Type.Kind
	none := refuse(c.Op.String() + " of " + a.Type.String())
	if a.Lit != nil {
		return sqlgen.Operand{}, refuse(c.Op.String() + " of a literal")
	}
	switch c.Op {
	case query.OpToInt:
		return toInt(a, none)
	case query.OpToUint:
		return toUint(a, none)
	case query.OpToDouble:
		switch k {
		case value.Double, value.Int, value.Uint:
			return atom(float8(a)), nil
		case value.Decimal:
			if m := metaOf(a); m != nil && m.mod >= 0 && precise(m.mod) {
				return atom(float8(a)), nil
			}
			return sqlgen.Operand{}, refuse("double of numeric without a small precision")
		default:
			return sqlgen.Operand{}, none
		}
	case query.OpToDecimal:
		switch k {
		case value.Int, value.Uint, value.Decimal:
			return atom(numeric(a)), nil
		case value.Double:
			return fails(decimal(nil, a)), nil
		default:
			return sqlgen.Operand{}, none
		}
	case query.OpToString:
		return toString(a, none)
	case query.OpToBytes:
		switch k {
		case value.Bytes:
			return atom(a.Atom()), nil
		case value.String:
			return atom("convert_to(" + a.Atom() + ", 'UTF8')"), nil
		default:
			return sqlgen.Operand{}, none
		}
	case query.OpToBool:
		if k == value.Bool {
			return atom(a.Atom()), nil
		}
	case query.OpToTimestamp:
		switch k {
		case value.Timestamp:
			return atom(a.Atom()), nil
		case value.Int:
			x := bigint(a)
			return fails("CASE WHEN " + x + " BETWEEN -62135596800 AND 253402300799 THEN to_timestamp(" + x + ") END"), nil
		default:
		}
	case query.OpToDuration:
		if k == value.Duration {
			return atom(a.Atom()), nil
		}
	default:
	}
	return sqlgen.Operand{}, none
}

// precise reports whether a numeric's declared precision keeps it within the range of doubles.
func precise(mod int32) bool {
	precision := (mod - 4) >> 16 & 0xffff
	return precision <= 250
}

func toInt(a sqlgen.Operand, none *query.Refusal) (sqlgen.Operand, *query.Refusal) {
	x := a.Atom()
	switch a.Type.Kind {
	case value.Int:
		return atom(bigint(a)), nil
	case value.Uint:
		return fails("CASE WHEN " + x + " <= " + maxInt + " THEN " + x + "::bigint END"), nil
	case value.Double:
		x = float8(a)
		return fails("CASE WHEN " + x + " > '-9223372036854775808'::float8 AND " + x + " < '9223372036854775808'::float8 THEN trunc(" + x + ")::bigint END"), nil
	case value.Decimal:
		return fails("CASE WHEN " + x + " > -9223372036854775809 AND " + x + " < 9223372036854775808 THEN trunc(" + x + ")::bigint END"), nil
	case value.Timestamp:
		return atom("floor(extract(epoch FROM " + x + "))::bigint"), nil
	case value.String:
		// Up to 100,000 characters: leading zeros are the only way to be longer and in range.
		return fails("CASE WHEN " + x + ` COLLATE "C" ~ '^[+-]?[0-9]+$' AND length(` + x + ") <= 100000 THEN CASE WHEN " + x +
			"::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN " + x + "::numeric::bigint END END"), nil
	default:
		return sqlgen.Operand{}, none
	}
}

func toUint(a sqlgen.Operand, none *query.Refusal) (sqlgen.Operand, *query.Refusal) {
	x := a.Atom()
	switch a.Type.Kind {
	case value.Uint:
		return atom(x), nil
	case value.Int:
		return fails("CASE WHEN " + x + " >= 0 THEN " + numeric(a) + " END"), nil
	default:
		return sqlgen.Operand{}, none
	}
}

func toString(a sqlgen.Operand, none *query.Refusal) (sqlgen.Operand, *query.Refusal) {
	switch a.Type.Kind {
	case value.String:
		return atom(a.Atom()), nil
	case value.Bool, value.Int, value.Uint:
		return atom(a.Atom() + "::text"), nil
	case value.Decimal:
		return atom("trim_scale(" + a.Atom() + ")::text"), nil
	default:
		return sqlgen.Operand{}, none
	}
}
