class UpdateThrottler {
    constructor(delay = 100) {
        this.delay = delay;
        this.timeout = null;
        this.pendingUpdates = {};
    }

    queueUpdate(deviceId, update) {
        this.pendingUpdates[deviceId] = update;

        if (this.timeout) clearTimeout(this.timeout);

        this.timeout = setTimeout(() => {
            this.flushUpdates();
        }, this.delay);
    }

    flushUpdates() {
        // Send batched updates
        Object.entries(this.pendingUpdates).forEach(([deviceId, update]) => {
            this.applyUpdate(deviceId, update);
        });
        this.pendingUpdates = {};
    }
}
