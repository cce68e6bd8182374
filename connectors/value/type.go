// Package value holds the data model that sources, the query language and the
// evaluator share: logical types, single values, exact decimals, columnar
// vectors with a null bitmap and an error bitmap, and schemas.
//
// It imports nothing of assay, so that connectors, query and eval can all use it.
package value

// Kind is a logical type family. It names what a value means, whatever the
// engine that holds it calls it.
type Kind uint8

// The kinds of the dialect. Date is a Timestamp at midnight UTC, a time of day
// a Duration since midnight, an enum and a UUID (lower case, hyphenated) a String.
const (
	// Null is the type of the null literal only; no column has it.
	Null Kind = iota
	Bool
	// Int is a signed 64-bit integer.
	Int
	// Uint is an unsigned 64-bit integer.
	Uint
	// Double is an IEEE 754 binary64, NaN and infinities included.
	Double
	// Decimal is an exact decimal number of any precision; never NaN.
	Decimal
	// String is text, compared by code point (equal to bytewise for UTF-8).
	String
	// Bytes is a sequence of octets.
	Bytes
	// Timestamp is an instant, year 1 to 9999 UTC, nanosecond resolution.
	Timestamp
	// LocalTimestamp is a wall-clock time whose zone is not known (a naive
	// timestamp of a connection without timezone:). It compares only with its kind.
	LocalTimestamp
	// Duration is a signed span in nanoseconds.
	Duration
	// JSON is a document of any shape: CEL's dyn. Objects are maps.
	JSON
	// List is an ordered list whose element type is Type.Elem.
	List
)

// String returns the dialect's name of the kind, as error messages print it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

var kindNames = [...]string{
	Null: "null", Bool: "bool", Int: "int", Uint: "uint", Double: "double", Decimal: "decimal", String: "string",
	Bytes: "bytes", Timestamp: "timestamp", LocalTimestamp: "local timestamp", Duration: "duration", JSON: "json", List: "list",
}

// Type is a logical type. The zero Type is null.
type Type struct {
	Kind Kind
	// Elem is the element type of a List, nil otherwise.
	Elem *Type
}

// String returns the type as error messages print it, for example "list(int)".
func (t Type) String() string {
	if t.Kind == List && t.Elem != nil {
		return "list(" + t.Elem.String() + ")"
	}
	return t.Kind.String()
}

// Of returns the scalar type of kind k.
func Of(k Kind) Type { return Type{Kind: k} }

// ListOf returns the type of lists of elem.
func ListOf(elem Type) Type { return Type{Kind: List, Elem: &elem} }

// Equal reports whether t and u are the same type.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind {
		return false
	}
	if t.Elem == nil || u.Elem == nil {
		return t.Elem == u.Elem
	}
	return t.Elem.Equal(*u.Elem)
}
