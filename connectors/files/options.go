package files

import (
	"slices"
	"strconv"

	"github.com/assay-dev/assay/connectors"
)

// options are the parameters of a connection.
type options struct {
	base string // the folder at which relative names start
	// format overrides what the names of files say; formatNone does not.
	format fileFormat
	header bool
	// delim parts the fields of CSV; 0 leaves it to the file's name.
	delim byte
	// null is the text that stands for null where it is not quoted.
	null string
}

func readOptions(c connectors.Config) (options, error) {
	here := site{verb: "open"}
	o := options{base: c.Params["path"], header: true}
	known := []string{"path", "format", "header", "delimiter", "null"}
	for k, v := range c.Params {
		if !slices.Contains(known, k) {
			return o, here.misconfigured("unknown parameter %q: files takes path, format, header, delimiter and null", k)
		}
		var err error
		switch k {
		case "format":
			f, ok := formatNames[v]
			if !ok {
				return o, here.misconfigured("format is csv, tsv, jsonl or parquet")
			}
			o.format = f
		case "header":
			if o.header, err = strconv.ParseBool(v); err != nil {
				return o, here.misconfigured("header is true or false")
			}
		case "delimiter":
			d, ok := delimiter(v)
			if !ok {
				return o, here.misconfigured("delimiter is one ASCII character that is no letter, digit, quote or line end, or tab")
			}
			o.delim = d
		case "null":
			o.null = v
		}
	}
	return o, nil
}

func delimiter(v string) (byte, bool) {
	if v == "tab" || v == `\t` {
		return '\t', true
	}
	if len(v) != 1 {
		return 0, false
	}
	c := v[0]
	word := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
	return c, !word && c < 0x80 && c != '"' && c != '\n' && c != '\r' && c != 0
}
