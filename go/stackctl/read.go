package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type record struct {
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Key       string `json:"key"`
	Value     []byte `json:"value"`
}

// printTopic ends at the end as it was when asked. A time limit holds between two answers, not for the whole of a long topic.
func printTopic(ctx context.Context, address, topic string, out io.Writer) error {
	ends, starts, err := bounds(ctx, address, topic)
	if err != nil {
		return fmt.Errorf("%s, topic %s: %w", address, topic, err)
	}
	if len(ends) == 0 {
		return nil
	}
	// Control records are kept, so that a partition that ends in one is seen to end.
	client, err := kafkaClient(address, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}), kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer client.Close()
	buffer := bufio.NewWriter(out)
	defer buffer.Flush()
	lines := json.NewEncoder(buffer)
	for len(ends) > 0 {
		fetches, err := poll(ctx, client)
		if err != nil {
			return fmt.Errorf("%s, topic %s: %w", address, topic, err)
		}
		for iterator := fetches.RecordIter(); !iterator.Done(); {
			found := iterator.Next()
			end, open := ends[found.Partition]
			if !open || found.Offset >= end {
				continue
			}
			if found.Offset == end-1 {
				delete(ends, found.Partition)
			}
			if found.Attrs.IsControl() {
				continue
			}
			if err := lines.Encode(record{found.Partition, found.Offset, string(found.Key), found.Value}); err != nil {
				return err
			}
		}
	}
	return nil
}

func poll(ctx context.Context, client *kgo.Client) (kgo.Fetches, error) {
	ctx, cancel := context.WithTimeout(ctx, kafkaLimit)
	defer cancel()
	fetches := client.PollFetches(ctx)
	return fetches, fetches.Err()
}

// bounds are the first offset and the end of each partition that holds anything.
func bounds(ctx context.Context, address, topic string) (ends map[int32]int64, starts map[int32]kgo.Offset, err error) {
	ctx, cancel := context.WithTimeout(ctx, kafkaLimit)
	defer cancel()
	client, err := kafkaClient(address)
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	first, err := listed(admin.ListStartOffsets(ctx, topic))
	if err != nil {
		return nil, nil, err
	}
	last, err := listed(admin.ListEndOffsets(ctx, topic))
	if err != nil {
		return nil, nil, err
	}
	ends, starts = map[int32]int64{}, map[int32]kgo.Offset{}
	last.Each(func(end kadm.ListedOffset) {
		start, _ := first.Lookup(topic, end.Partition)
		if start.Offset < end.Offset {
			ends[end.Partition] = end.Offset
			starts[end.Partition] = kgo.NewOffset().At(start.Offset)
		}
	})
	return ends, starts, nil
}

func listed(offsets kadm.ListedOffsets, err error) (kadm.ListedOffsets, error) {
	if err != nil {
		return nil, err
	}
	return offsets, offsets.Error()
}
