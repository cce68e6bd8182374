package correct

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// Plan is a plan file that was read whole and found right. It keeps the file open and no change in memory.
type Plan struct {
	Path   string
	Header Header

	file    *os.File
	targets map[string]*Target
	bound   map[string]*bound
	// actions counts changes by target, action and risk.
	actions map[kindOf]int64
}

// kindOf is what changes are counted by.
type kindOf struct {
	target string
	action string
	risk   Risk
}

// Open reads a plan file and holds it to its form, its counts and its digest. What is wrong with it is a *PlanError that names the line; the caller closes the Plan.
func Open(path string) (*Plan, error) {
	f, err := os.Open(path) //nolint:gosec // the user's own file
	if err != nil {
		return nil, &PlanError{Path: path, Text: "it cannot be read: " + reason(err)}
	}
	p := &Plan{Path: path, file: f, targets: make(map[string]*Target)}
	if err := p.verify(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return p, nil
}

// reason leaves out the path, which stands before it.
func reason(err error) string {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// Close closes the file.
func (p *Plan) Close() error { return p.file.Close() }

// Target returns a target by its name, nil where there is none.
func (p *Plan) Target(name string) *Target { return p.targets[name] }

// verify reads the file for the first time.
func (p *Plan) verify() error {
	var rows rowHashes
	var counts counter
	err := p.scan(context.Background(), true, func(c *Change) error {
		rows.list = append(rows.list, rows.of(c))
		counts.count(c)
		return nil
	})
	if err != nil {
		return err
	}
	all, actions := counts.counts()
	p.actions = actions
	p.Header.Counts.fill()
	if !all.equal(&p.Header.Counts) {
		return &PlanError{Path: p.Path, Line: 1, Text: fmt.Sprintf("the header counts %d changes otherwise than the %d lines after it", p.Header.Counts.Total, all.Total), Hint: "make the plan again"}
	}
	if repeated := rows.repeated(); len(repeated) > 0 {
		return p.repeats(repeated)
	}
	return nil
}

// repeats finds the line of the first row that is changed twice.
func (p *Plan) repeats(hashes map[uint64]bool) error {
	var rows rowHashes
	seen := make(map[uint64]bool)
	return p.scan(context.Background(), false, func(c *Change) error {
		h := rows.of(c)
		if seen[h] {
			return &PlanError{Text: fmt.Sprintf("the row of target %q with key %s is changed twice", c.Target, clip(keyText(c))), Hint: "make the plan again"}
		}
		seen[h] = hashes[h]
		return nil
	})
}

func keyText(c *Change) string {
	var b []byte
	for i, v := range c.Key {
		if i > 0 {
			b = append(b, ',')
		}
		b = v.AppendText(b)
	}
	return string(b)
}

// Changes hands on every change in the plan's order, until each returns an error. A Change belongs to who gets it.
func (p *Plan) Changes(ctx context.Context, each func(*Change) error) error {
	return p.scan(ctx, false, each)
}

// scan reads the file from its beginning. It is an error where it is not what it was when it was opened.
func (p *Plan) scan(ctx context.Context, first bool, each func(*Change) error) error {
	r := &lines{path: p.Path, r: bufio.NewReaderSize(io.NewSectionReader(p.file, 0, 1<<62), 1<<18), sum: sha256.New()}
	line, err := r.next()
	if err != nil {
		return err
	}
	if line == nil {
		return &PlanError{Path: p.Path, Text: "it is empty: no plan"}
	}
	h, zeroed, err := readHeader(line)
	if err != nil {
		e := &PlanError{Path: p.Path, Line: 1, Text: err.Error()}
		if at, ok := errors.AsType[*lexError](err); ok {
			e.Column = at.at + 1
		}
		return e
	}
	_, _ = r.sum.Write(append(zeroed, '\n')) // a hash never fails
	if first {
		p.Header = *h
		for i := range p.Header.Targets {
			p.targets[p.Header.Targets[i].Name] = &p.Header.Targets[i]
		}
	} else if h.Sum != p.Header.Sum {
		return &PlanError{Path: p.Path, Line: 1, Text: "it was written anew while it was in use"}
	}
	if err := p.body(ctx, r, each); err != nil {
		return err
	}
	if hex.EncodeToString(r.sum.Sum(nil)) != h.Sum {
		return &PlanError{Path: p.Path, Line: 1, Text: "the digest is not that of what the file holds: it was changed after it was written", Hint: "make the plan again, or leave changes out with plan filter"}
	}
	return nil
}

func (p *Plan) body(ctx context.Context, r *lines, each func(*Change) error) error {
	same := make(map[string]string)
	for n := int64(1); ; n++ {
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		line, err := r.next()
		if err != nil || line == nil {
			return err
		}
		r.hash(line)
		c, _, bad := readChange(line, p.targets, same)
		if bad == nil && c.N != n {
			bad = &lexError{text: fmt.Sprintf("n is %d, and the change is the %dth: lines are missing, twice or in another order", c.N, n)}
		}
		if bad != nil {
			e := &PlanError{Path: p.Path, Line: r.n, Text: bad.text}
			if bad.at > 0 {
				e.Column = bad.at + 1
			}
			return e
		}
		if err := each(c); err != nil {
			if e, ok := errors.AsType[*PlanError](err); ok && e.Path == "" {
				e.Path, e.Line = p.Path, r.n
			}
			return err
		}
	}
}

// lines reads lines of at most maxLine bytes.
type lines struct {
	path string
	r    *bufio.Reader
	sum  hash.Hash
	n    int
	long []byte
	most int // bytes of a line; 0 for maxLine
}

// hash takes a line, with its end, into the digest.
func (l *lines) hash(line []byte) {
	_, _ = l.sum.Write(line) // a hash never fails
	_, _ = l.sum.Write([]byte{'\n'})
}

// next returns the next line without its end, valid until the call after it; nil at the end.
func (l *lines) next() ([]byte, error) {
	l.n++
	l.long = l.long[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if most := max(l.most, maxLine); len(l.long)+len(part) > most {
			return nil, &PlanError{Path: l.path, Line: l.n, Text: fmt.Sprintf("the line is longer than %d MiB", most>>20)}
		}
		switch {
		case err == nil && len(l.long) == 0:
			return part[:len(part)-1], nil
		case err == nil:
			l.long = append(l.long, part...)
			return l.long[:len(l.long)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
			l.long = append(l.long, part...)
		case errors.Is(err, io.EOF) && len(part) == 0 && len(l.long) == 0:
			return nil, nil
		case errors.Is(err, io.EOF):
			return nil, &PlanError{Path: l.path, Line: l.n, Text: "the file ends within this line: it was cut off", Hint: "make the plan again"}
		default:
			return nil, fmt.Errorf("%s: %w", l.path, err)
		}
	}
}
