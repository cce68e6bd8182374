package lang

import (
	"cel.dev/cel-go/common/types"
)

// The types here are the coercion pass's own inference, made before checking; nil is
// "not known", which coerces nothing. The checker has the last word.

// numeric reports whether t is int, uint, double or decimal.
func numeric(t *types.Type) bool { return isInt(t) || isUint(t) || isDouble(t) || isDecimal(t) }

func isInt(t *types.Type) bool     { return t != nil && t.Kind() == types.IntKind }
func isUint(t *types.Type) bool    { return t != nil && t.Kind() == types.UintKind }
func isDouble(t *types.Type) bool  { return t != nil && t.Kind() == types.DoubleKind }
func isDecimal(t *types.Type) bool { return isOpaque(t, "decimal") }
func isDyn(t *types.Type) bool {
	return t != nil && (t.Kind() == types.DynKind || t.Kind() == types.AnyKind)
}
func isNull(t *types.Type) bool { return t != nil && t.Kind() == types.NullTypeKind }

func isOpaque(t *types.Type, name string) bool {
	return t != nil && t.Kind() == types.OpaqueKind && t.TypeName() == name
}

// typeName returns the type as messages print it.
func typeName(t *types.Type) string {
	if t == nil {
		return "a value"
	}
	switch t.Kind() {
	case types.DynKind, types.AnyKind:
		return "json"
	case types.NullTypeKind:
		return "null"
	case types.ListKind:
		if p := t.Parameters(); len(p) == 1 && !isDyn(p[0]) && p[0].Kind() != types.TypeParamKind {
			return "list(" + typeName(p[0]) + ")"
		}
		return "list"
	case types.MapKind:
		return "map"
	case types.OpaqueKind:
		switch t.TypeName() {
		case "local_timestamp":
			return "local timestamp"
		case "optional_type":
			return "optional"
		}
	case types.TimestampKind:
		return "timestamp"
	case types.DurationKind:
		return "duration"
	}
	return t.TypeName()
}

// bind matches an argument against a parameter of a declaration, noting what type
// parameters stand for.
func bind(param, arg *types.Type, m map[string]*types.Type) bool {
	if arg == nil || isDyn(arg) || isDyn(param) {
		return true
	}
	if param.Kind() == types.TypeParamKind {
		if have, ok := m[param.TypeName()]; ok && !isNull(have) && have.Kind() != types.TypeParamKind {
			return isNull(arg) || bind(have, arg, map[string]*types.Type{})
		}
		m[param.TypeName()] = arg
		return true
	}
	if isNull(arg) {
		switch param.Kind() {
		case types.NullTypeKind, types.OpaqueKind, types.TimestampKind, types.DurationKind:
			return true
		}
		return false
	}
	if param.Kind() != arg.Kind() {
		return false
	}
	if param.Kind() == types.OpaqueKind && param.TypeName() != arg.TypeName() {
		return false
	}
	pp, ap := param.Parameters(), arg.Parameters()
	if len(pp) != len(ap) {
		return len(ap) == 0
	}
	for i := range pp {
		if !bind(pp[i], ap[i], m) {
			return false
		}
	}
	return true
}

// substitute replaces type parameters, nil where one is not known.
func substitute(t *types.Type, m map[string]*types.Type) *types.Type {
	switch t.Kind() {
	case types.TypeParamKind:
		return m[t.TypeName()]
	case types.ListKind:
		if e := substitute(t.Parameters()[0], m); e != nil {
			return types.NewListType(e)
		}
		return types.NewListType(types.DynType)
	case types.MapKind:
		k, v := substitute(t.Parameters()[0], m), substitute(t.Parameters()[1], m)
		if k == nil {
			k = types.DynType
		}
		if v == nil {
			v = types.DynType
		}
		return types.NewMapType(k, v)
	case types.OpaqueKind:
		if p := t.Parameters(); len(p) == 1 {
			e := substitute(p[0], m)
			if e == nil {
				e = types.DynType
			}
			return types.NewOpaqueType(t.TypeName(), e)
		}
	}
	return t
}

// resultOf infers the type of a call from the declarations; nil where they do not tell.
func (c *compiler) resultOf(name string, member bool, args []*types.Type) *types.Type {
	fn, ok := c.funcs[name]
	if !ok {
		return nil
	}
	var res *types.Type
	n := 0
	for _, o := range fn.OverloadDecls() {
		if o.IsMemberFunction() != member || len(o.ArgTypes()) != len(args) {
			continue
		}
		m := map[string]*types.Type{}
		fits := true
		for i, p := range o.ArgTypes() {
			fits = fits && bind(p, args[i], m)
		}
		if !fits {
			continue
		}
		n++
		t := substitute(o.ResultType(), m)
		if n > 1 && (t == nil || res == nil || t.String() != res.String()) {
			return nil
		}
		res = t
	}
	return res
}
