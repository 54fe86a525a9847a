class MicboardWebSocket {
    constructor() {
        this.ws = null;
        this.reconnectAttempts = 0;
        this.maxReconnectAttempts = 5;
    }

    connect() {
        this.ws = new WebSocket('ws://your-server/ws/devices/');

        this.ws.onopen = () => {
            console.log('Connected to Micboard WebSocket');
            this.reconnectAttempts = 0;
        };

        this.ws.onmessage = (event) => {
            const data = JSON.parse(event.data);
            this.handleMessage(data);
        };

        this.ws.onclose = () => {
            console.log('WebSocket disconnected');
            this.attemptReconnect();
        };

        this.ws.onerror = (error) => {
            console.error('WebSocket error:', error);
        };
    }

    handleMessage(data) {
        switch(data.type) {
            case 'device_update':
                this.updateDeviceDisplay(data);
                break;
            case 'connection_update':
                this.updateConnectionStatus(data);
                break;
            case 'system_alert':
                this.showAlert(data);
                break;
        }
    }

    updateDeviceDisplay(data) {
        const deviceElement = document.getElementById(`device-${data.device_id}`);
        if (deviceElement) {
            // Update battery level
            const batteryBar = deviceElement.querySelector('.battery-bar');
            batteryBar.style.width = `${data.battery_level}%`;

            // Update signal strength
            const signalIcon = deviceElement.querySelector('.signal-icon');
            signalIcon.className = `signal-icon ${data.rf_quality}`;

            // Update timestamp
            const timestamp = deviceElement.querySelector('.last-update');
            timestamp.textContent = new Date().toLocaleTimeString();
        }
    }

    attemptReconnect() {
        if (this.reconnectAttempts < this.maxReconnectAttempts) {
            this.reconnectAttempts++;
            const delay = Math.min(1000 * Math.pow(2, this.reconnectAttempts), 30000);

            setTimeout(() => {
                console.log(`Attempting WebSocket reconnect (${this.reconnectAttempts}/${this.maxReconnectAttempts})`);
                this.connect();
            }, delay);
        }
    }
}

// Initialize
const micboardWS = new MicboardWebSocket();
micboardWS.connect();
