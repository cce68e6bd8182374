package postgres

import (
	"fmt"

	"github.com/assay-dev/assay/connectors/value"
)

// family says how the binary form of a type is read.
type family uint8

const (
	famNone family = iota
	famBool
	famInt2
	famInt4
	famInt8
	famOID
	famFloat4
	famFloat8
	famNumeric
	famText
	famBpchar
	famBytea
	famTimestamptz
	famTimestamp
	famDate
	famTime
	famInterval
	famUUID
	famJSON
	famJSONB
	famArray
	famTID // of results alone: a place as page<<16 | line
)

// The object identifiers of built-in types (pg_type.dat of PostgreSQL).
const (
	oidBool        = 16
	oidBytea       = 17
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOID         = 26
	oidTID         = 27
	oidJSON        = 114
	oidFloat4      = 700
	oidFloat8      = 701
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidInterval    = 1186
	oidNumeric     = 1700
	oidUUID        = 2950
	oidJSONB       = 3802
)

// builtin is how assay reads a built-in type.
type builtin struct {
	family family
	kind   value.Kind
	mayErr bool
	// text is the expression that makes a String of a column of the type, %s standing for it.
	text string
}

var builtins = map[uint32]builtin{
	oidBool:        {family: famBool, kind: value.Bool},
	oidBytea:       {family: famBytea, kind: value.Bytes},
	oidName:        {family: famText, kind: value.String},
	oidInt8:        {family: famInt8, kind: value.Int},
	oidInt2:        {family: famInt2, kind: value.Int},
	oidInt4:        {family: famInt4, kind: value.Int},
	oidText:        {family: famText, kind: value.String},
	oidOID:         {family: famOID, kind: value.Int},
	oidJSON:        {family: famJSON, kind: value.JSON},
	oidFloat4:      {family: famFloat4, kind: value.Double},
	oidFloat8:      {family: famFloat8, kind: value.Double},
	oidBpchar:      {family: famBpchar, kind: value.String},
	oidVarchar:     {family: famText, kind: value.String},
	oidDate:        {family: famDate, kind: value.Timestamp, mayErr: true},
	oidTime:        {family: famTime, kind: value.Duration},
	oidTimestamp:   {family: famTimestamp, kind: value.LocalTimestamp, mayErr: true},
	oidTimestamptz: {family: famTimestamptz, kind: value.Timestamp, mayErr: true},
	oidInterval:    {family: famInterval, kind: value.Duration, mayErr: true},
	oidNumeric:     {family: famNumeric, kind: value.Decimal, mayErr: true},
	oidUUID:        {family: famUUID, kind: value.String},
	oidJSONB:       {family: famJSONB, kind: value.JSON},

	// Types whose text is their value; abbrev leaves out the netmask of a host, as the type's own output does.
	869:  {family: famText, kind: value.String, text: "abbrev(%s)"}, // inet
	650:  {family: famText, kind: value.String, text: "(%s)::text"}, // cidr
	829:  {family: famText, kind: value.String, text: "(%s)::text"}, // macaddr
	774:  {family: famText, kind: value.String, text: "(%s)::text"}, // macaddr8
	1560: {family: famText, kind: value.String, text: "(%s)::text"}, // bit
	1562: {family: famText, kind: value.String, text: "(%s)::text"}, // varbit
}

// typeInfo is a type as the catalogue tells it, domains resolved to their base type.
type typeInfo struct {
	OID      uint32 `json:"oid"`  // base type
	Mod      int32  `json:"mod"`  // its modifier, -1 for none
	Name     string `json:"name"` // pg_type.typname of the base type
	Kind     string `json:"kind"` // pg_type.typtype of the base type
	Elem     uint32 `json:"elem"` // base type of an array's elements, 0 for none
	ElemName string `json:"elem_name"`
	ElemKind string `json:"elem_kind"`
}

// columnMeta is what the connector knows of a column beyond its logical type.
type columnMeta struct {
	oid    uint32 // base type, or text where expr converts
	elem   uint32 // element type of an array
	mod    int32  // type modifier of the base type, -1 for none
	family family
	elemf  family
	// expr makes the logical value of the column, %s standing for it; "" for the column itself.
	expr string
	// bytewise says that PostgreSQL compares the column's text as assay does, without more ado.
	bytewise bool
	// deterministic says that its equality is bytewise at least.
	deterministic bool
	// foreign says that the database stores text otherwise than in UTF-8: its bytes are not those that assay compares.
	foreign bool
}

// settle fills in the column's logical type and meta from its PostgreSQL type.
func settle(c *value.Column, t typeInfo, bytewise, deterministic bool) {
	m := &columnMeta{oid: t.OID, mod: t.Mod, bytewise: bytewise, deterministic: deterministic}
	c.Meta = m
	if t.Elem != 0 {
		b, why := scalar(t.Elem, t.ElemName, t.ElemKind)
		if why == "" && (b.text != "" || b.family == famInterval) {
			why = "arrays of " + t.ElemName + " are not supported; cast it to text[] in a query"
		}
		if why != "" {
			c.Unusable = why
			return
		}
		m.family, m.elem, m.elemf = famArray, t.Elem, b.family
		c.Type, c.MayErr = value.ListOf(value.Of(b.kind)), true
		resolve(c, b.family, t.Mod)
		return
	}
	b, why := scalar(t.OID, t.Name, t.Kind)
	if why != "" {
		c.Unusable = why
		return
	}
	m.family, m.expr = b.family, b.text
	if b.text != "" {
		m.oid, m.mod, m.bytewise, m.deterministic = oidText, -1, false, false
	}
	if b.kind == value.String && t.Name == "citext" {
		m.expr, m.oid, m.bytewise, m.deterministic = "(%s)::text", oidText, false, false
	}
	c.Type, c.MayErr = value.Of(b.kind), b.mayErr
	resolve(c, b.family, t.Mod)
}

// encode notes the database's encoding. SQL_ASCII checks nothing, so its text may not be text.
func encode(c *value.Column, encoding string) {
	m, ok := c.Meta.(*columnMeta)
	if !ok || encoding == "UTF8" {
		return
	}
	text := c.Type.Kind == value.String || c.Type.Kind == value.JSON || c.Type.Kind == value.List
	m.foreign = text
	c.MayErr = c.MayErr || text && encoding == "SQL_ASCII"
}

// scalar says how a type that is no array is read, or why it is not.
func scalar(oid uint32, name, kind string) (builtin, string) {
	if b, ok := builtins[oid]; ok {
		return b, ""
	}
	switch {
	case kind == "e", name == "citext":
		return builtin{family: famText, kind: value.String}, ""
	case name == "timetz":
		return builtin{}, "time with time zone names no instant; cast it to time in a query"
	case name == "money":
		return builtin{}, "money depends on the server's locale; cast it to numeric in a query"
	case kind == "c":
		return builtin{}, fmt.Sprintf("the row type %s is not supported; select its fields in a query", name)
	}
	return builtin{}, fmt.Sprintf("the type %s is not supported; cast it to text in a query", name)
}
