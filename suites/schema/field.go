// Package schema declares, once, every key that a suite may hold. The decoder, the
// did-you-mean, the reference page and the JSON Schema are all made from these declarations.
package schema

// Kind is the form of a key's value.
type Kind uint8

// The forms of values.
const (
	// String is one scalar, taken as text.
	String Kind = iota
	// CEL is a scalar that holds an expression.
	CEL
	// Bool is true or false.
	Bool
	// Count is a whole number, 0 or more.
	Count
	// Version is the number of the format.
	Version
	// Rate is a decimal from 0 to 1, or a percentage with its sign.
	Rate
	// Duration is a span of time: 90s, 2h, 1d.
	Duration
	// Enum is one of Field.Enum.
	Enum
	// Strings is a text or a list of texts.
	Strings
	// Zone is an IANA time zone.
	Zone
	// Objects is a map from a name to a Field.Of.
	Objects
	// Names is a map from a name to a logical type.
	Names
	// Texts is a map from a name to a text.
	Texts
	// Nested is a map with known keys: a Field.Of.
	Nested
	// Sided is an expression for both sides of a comparison, or a map with one for each.
	Sided
	// Tolerance is a number, or a map that says what it is relative to.
	Tolerance
	// Words is one of Field.Enum, or a list of them.
	Words
	// Keyed is an expression, a list of them, or a map from a column to one.
	Keyed
	// Expectations is a list of expectations.
	Expectations
	// Vars is the map of variables.
	Vars
	// Switch is off, or a map with known keys: a Field.Of.
	Switch
	// Masks is a column, a list of them, or a map from a column to one of Field.Enum.
	Masks
	// Number is a number.
	Number
	// Items is a list of maps with known keys: Field.Of.
	Items
	// Fixed is one of Field.Enum, a Field.Of, or a map from a column to an expression.
	Fixed
	// Owners is a map from a column to one of Field.Enum, or to how its owner is found.
	Owners
	// Keeps is one of Field.Enum, or a map from newest or oldest to a column.
	Keeps
	// Any is whatever a later version takes.
	Any
)

// Field is one key of an Object.
type Field struct {
	Name     string
	Kind     Kind
	Required bool
	Enum     []string
	Doc      string  // one sentence
	Of       *Object // of Objects, Nested, Items, Switch and Fixed
	// Later marks a key that is documented but not supported by this version.
	Later bool
	// Param marks a connection's key that is handed to its driver.
	Param bool
	// Plain marks a connection's key whose value may be shown: it never holds a secret.
	Plain bool
	// Inside says that the key may stand among the arguments of a named expectation too.
	Inside bool
}

// Object is a map with known keys.
type Object struct {
	// Name says what it is in messages: "a dataset".
	Name   string
	Doc    string
	Fields []Field
}

// Field returns the field of that name.
func (o Object) Field(name string) (Field, bool) {
	for _, f := range o.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Names returns the names of the fields that this version takes, in their order.
func (o Object) Names() []string {
	out := make([]string, 0, len(o.Fields))
	for _, f := range o.Fields {
		if !f.Later {
			out = append(out, f.Name)
		}
	}
	return out
}
