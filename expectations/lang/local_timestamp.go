package lang

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// local is a wall-clock time whose zone is not known. It compares with its own kind only.
type local struct{ t time.Time }

// Compare implements traits.Comparer.
func (a local) Compare(other ref.Val) ref.Val {
	b, ok := other.(local)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(a.t.Compare(b.t))
}

// Equal implements ref.Val.
func (a local) Equal(other ref.Val) ref.Val {
	b, ok := other.(local)
	return types.Bool(ok && a.t.Equal(b.t))
}

// ConvertToNative implements ref.Val.
func (a local) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a local timestamp is no %s", t)
}

// ConvertToType implements ref.Val.
func (a local) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return opaque("local_timestamp")
	}
	return types.NewErr("type conversion error from 'local timestamp' to '%s'", t.TypeName())
}

// Type implements ref.Val.
func (a local) Type() ref.Type { return opaque("local_timestamp") }

// Value implements ref.Val.
func (a local) Value() any { return a.t }
